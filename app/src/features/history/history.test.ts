import fc from 'fast-check';

import { statistics } from '../../../jest/scriptedCore';
import { itemStorage } from '../../core/storage/itemStorage';
import type { HistoryEntry } from '../../core/storage/storage';
import type { FinishedItem } from '../answer/answers';

import { History } from './history';
import { markdownOf } from './markdown';

const fail = (thrown: unknown) => {
  throw thrown;
};

function finished(id: string, changes: Partial<FinishedItem['state']> = {}, owner?: string): FinishedItem {
  return {
    id,
    ...(owner !== undefined && { owner }),
    request: { input: { kind: 'text', text: 'See you on Friday' }, mainTask: 'main', into: ['xx'], mode: 'auto', replySpeaker: 'Cem' },
    state: { kind: 'finished', answer: { text: 'Quedan.', statistics }, text: 'Quedan.', at: 7, bundle: 'a', ...changes },
  };
}

const listed = (history: History) => history.state.get().heads.map(({ id }) => id);

test('keeps what was finished, as the user left it, with what it was made from', async () => {
  const history = new History(itemStorage(new Map()), () => true, fail);
  await history.keep(finished('a', {}, 'Bea'));
  await history.keep(finished('a', { text: 'Quedan el viernes.' }, 'Bea'));
  await history.search('');
  expect(listed(history)).toEqual(['a']);
  await expect(history.entry('a')).resolves.toEqual({
    id: 'a',
    at: 7,
    tasks: ['main', 'xx'],
    mode: 'calibrated',
    text: 'Quedan el viernes.',
    input: { kind: 'text', text: 'See you on Friday' },
    owner: 'Bea',
  });
});

test('does not take who replies for the user', async () => {
  const history = new History(itemStorage(new Map()), () => true, fail);
  await history.keep(finished('a'));
  await expect(history.entry('a')).resolves.not.toHaveProperty('owner');
});

test('keeps nothing when it is switched off, and nothing that is empty or was stopped', async () => {
  let isKept = false;
  const history = new History(itemStorage(new Map()), () => isKept, fail);
  await history.keep(finished('a'));
  isKept = true;
  await history.keep(finished('b', { text: '' }));
  await history.keep(finished('c', { answer: { text: 'Que', statistics: { ...statistics, finishReason: 'cancelled' } } }));
  await history.search('');
  expect(listed(history)).toEqual([]);
});

test('lists page by page, each once, and the export holds them all', async () => {
  const history = new History(itemStorage(new Map()), () => true, fail);
  const ids = Array.from({ length: 75 }, (_, index) => String(index));
  for (const id of ids) await history.keep(finished(id, { at: Number(id) }));
  await history.search('');
  expect(history.state.get().more).toBe(true);
  while (history.state.get().more) await history.readMore();
  expect(listed(history)).toEqual([...ids].reverse());
  const exported: string[] = [];
  for await (const { id } of history.all()) exported.push(id);
  expect(exported).toEqual([...ids].reverse());
});

test('a search that ends after a later one changes nothing', async () => {
  const storage = itemStorage(new Map());
  const waiting: (() => void)[] = [];
  const history = new History(
    { ...storage, heads: async query => (await new Promise<void>(resolve => waiting.push(resolve)), storage.heads(query)) },
    () => true,
    fail,
  );
  await history.keep(finished('a'));
  const first = history.search('friday');
  const second = history.search('nothing like it');
  waiting[1]?.();
  await second;
  waiting[0]?.();
  await first;
  expect(history.state.get()).toMatchObject({ words: 'nothing like it', heads: [] });
});

test('deletes one, and all', async () => {
  const history = new History(itemStorage(new Map()), () => true, fail);
  for (const id of ['a', 'b', 'c']) await history.keep(finished(id));
  await history.search('');
  await history.remove('b');
  expect(listed(history)).toEqual(['c', 'a']);
  await history.search('');
  expect(listed(history)).toEqual(['c', 'a']);
  await history.removeAll();
  expect(history.state.get()).toMatchObject({ heads: [], more: false, loading: false });
});

test('a failure of the storage is told, and leaves no spinner', async () => {
  const told: unknown[] = [];
  const broken = { ...itemStorage(new Map()), heads: () => Promise.reject(new Error('x')), keep: () => Promise.reject(new Error('y')) };
  const history = new History(
    broken,
    () => true,
    thrown => told.push(thrown),
  );
  await history.search('');
  await history.keep(finished('a'));
  expect(told).toHaveLength(2);
  expect(history.state.get().loading).toBe(false);
});

describe('the export', () => {
  const names = { title: 'History', from: 'From', moment: () => 'now', tasks: (ids: readonly string[]) => ids.join('+') };
  const entry = (text: string, speaker: string, said: string): HistoryEntry => ({
    id: 'a',
    at: 1,
    tasks: ['main'],
    mode: 'merge',
    text,
    input: { kind: 'conversation', messages: [{ speaker, text: said }] },
  });
  async function* one(value: HistoryEntry) {
    await Promise.resolve();
    yield value;
  }

  test('lets no text of a conversation become markup', async () => {
    const hostile = fc.array(fc.constantFrom('#', '<b>', '[x](y)', '\n', '\r\n', '- ', '1. ', '```', '> ', '    ', '|', '---', 'a', '&lt;', '\\', '\u2028'), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (text, said) => {
        const lines = (await markdownOf(one(entry(text.join(''), 'Eve', said.join(''))), names)).split('\n');
        const headings = lines.filter(line => line.startsWith('#'));
        expect(headings).toEqual(['# History', '## now · main']);
        const unescaped = lines.slice(1).map(line => line.replace(/^(##|>)/, '').replace(/\\./g, ''));
        for (const line of unescaped) expect(line).not.toMatch(/[<>[\]`#|&*_]|^\s*(-|\d+[.)])/);
      }),
    );
  });

  test('keeps every word, quotes the conversation and says who spoke', async () => {
    const text = await markdownOf(one(entry('Quedan el viernes, a las 9.', 'Ana', 'First line\nsecond (line)')), names);
    expect(text).toContain('Quedan el viernes, a las 9\\.');
    expect(text).toContain('> Ana: First line  \n> second \\(line\\)  ');
  });
});
