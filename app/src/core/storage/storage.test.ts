import fc from 'fast-check';
import initSqlJs from 'sql.js';

import { itemStorage } from './itemStorage';
import { sqlStorage } from './sqlStorage';
import { headOf, StorageError, type HistoryEntry, type HistoryHead, type Storage } from './storage';

/** The phone's storage runs on SQLCipher; here the same SQL runs on SQLite compiled to WebAssembly. */
const sql = initSqlJs();

const implementations: [string, () => Promise<Storage>][] = [
  ['items', () => Promise.resolve(itemStorage(new Map()))],
  [
    'SQLite',
    async () => {
      const database = new (await sql).Database();
      return sqlStorage({
        execute: (statement, values = []) => {
          const prepared = database.prepare(statement, values);
          const rows = [];
          while (prepared.step()) rows.push(prepared.getAsObject());
          prepared.free();
          return Promise.resolve(rows);
        },
      });
    },
  ],
];

// The same examples every time: a failure is the commit's, not the day's.
fc.configureGlobal({ seed: 1 });

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const message = fc.record({ speaker: text, text });
const input = fc.oneof(
  fc.record({ kind: fc.constant('conversation' as const), messages: fc.array(message, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('text' as const), text }),
);
const entry: fc.Arbitrary<HistoryEntry> = fc.record(
  {
    id: fc.stringMatching(/^[a-z0-9]{1,4}$/),
    at: fc.nat({ max: 3 }),
    tasks: fc.array(fc.string({ maxLength: 6 }), { maxLength: 3 }),
    mode: fc.constantFrom('calibrated', 'two-step', 'merge', 'zero-shot'),
    text,
    input,
    owner: text,
  },
  { requiredKeys: ['id', 'at', 'tasks', 'mode', 'text', 'input'] },
);

const everything = (storage: Storage) => storage.heads({ words: '', limit: 1000 });

function made(changes: Partial<HistoryEntry>): HistoryEntry {
  return { id: 'a', at: 1, tasks: ['main'], mode: 'merge', text: 'Quedan el viernes.', input: { kind: 'text', text: 'See you on Friday' }, ...changes };
}

describe.each(implementations)('the storage on %s', (_, open) => {
  test('gives back what was written last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', ''), text), { maxLength: 6 }), async writes => {
        const storage = await open();
        for (const [key, value] of writes) await storage.write(key, value);
        const last = new Map<string, string>(writes);
        for (const key of ['a', 'b', '', 'never']) await expect(storage.read(key)).resolves.toBe(last.get(key));
      }),
      { numRuns: 30 },
    );
  });

  test('gives back every entry as it was kept, the later one of an id', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async entries => {
        const storage = await open();
        for (const each of entries) await storage.keep(each);
        const last = new Map(entries.map(each => [each.id, each]));
        for (const [id, each] of last) await expect(storage.entry(id)).resolves.toEqual(each);
        expect(new Set((await everything(storage)).map(({ id }) => id))).toEqual(new Set(last.keys()));
      }),
      { numRuns: 30 },
    );
  });

  test('lists page by page what it lists at once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 8 }), fc.integer({ min: 1, max: 3 }), async (entries, limit) => {
        const storage = await open();
        for (const each of entries) await storage.keep(each);
        const pages: HistoryHead[] = [];
        for (;;) {
          const before = pages.at(-1);
          const page = await storage.heads({ words: '', limit, ...(before && { before }) });
          pages.push(...page);
          if (page.length < limit) break;
        }
        expect(pages).toEqual(await everything(storage));
        expect(pages).toHaveLength(entries.length);
        const times = pages.map(({ at }) => at);
        expect(times).toEqual([...times].sort((a, b) => b - a));
      }),
      { numRuns: 30 },
    );
  });

  test('finds any part of an entry, whatever its case and accents', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { selector: ({ id }) => id, minLength: 1, maxLength: 5 }), fc.nat(), async (entries, index) => {
        const storage = await open();
        for (const each of entries) await storage.keep(each);
        const wanted = entries[index % entries.length] ?? made({});
        const found = await storage.heads({ words: wanted.text.toUpperCase().toLowerCase(), limit: 1000 });
        expect(found.map(({ id }) => id)).toContain(wanted.id);
        expect(found.length).toBeLessThanOrEqual(entries.length);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['viernes', true],
    ['VIÉRNES quedan', true],
    ['friday', true],
    ['viernes lunes', false],
    ['%', false],
    ['_', false],
  ])('a search for %s finds: %p', async (words, found) => {
    const storage = await open();
    await storage.keep(made({}));
    await expect(storage.heads({ words, limit: 10 })).resolves.toEqual(found ? [headOf(made({}))] : []);
  });

  test('forgets one entry, or all, and keeps the values', async () => {
    const storage = await open();
    await storage.write('settings', 'kept');
    for (const id of ['a', 'b', 'c']) await storage.keep(made({ id }));
    await storage.remove('b');
    expect((await everything(storage)).map(({ id }) => id)).toEqual(['c', 'a']);
    await expect(storage.entry('b')).resolves.toBeUndefined();
    await storage.removeAll();
    await expect(everything(storage)).resolves.toEqual([]);
    await expect(storage.read('settings')).resolves.toBe('kept');
  });
});

test('a refusal of the browser or the database is told without its text', async () => {
  const items = new Map<string, string>();
  const full = itemStorage({
    get: key => items.get(key),
    delete: key => items.delete(key),
    keys: () => items.keys(),
    set: () => {
      throw new Error('private words');
    },
  });
  await expect(full.keep(made({}))).rejects.toEqual(new StorageError('full'));
  const broken = sqlStorage({ execute: () => Promise.reject(new Error('private words')) });
  await expect(broken).rejects.toEqual(new StorageError('failed'));
});

test('what others wrote under a key of the history is passed over', async () => {
  const storage = itemStorage(
    new Map([
      ['history/x', '{"a":1}'],
      ['history/y', '{'],
      ['history/z', 'null'],
    ]),
  );
  await expect(everything(storage)).resolves.toEqual([]);
});
