import { ScriptedCore } from '../../../jest/scriptedCore';
import type { SharedItem, ShareInbox } from '../../core/device';
import { CoreError } from '../../core/errors';
import { CurrentConversation } from '../conversation/conversation';
import { Notices } from '../notice/notices';

import { ShareReader } from './shareReader';

const settled = () => new Promise(resolve => setImmediate(resolve));

function setUp(...waiting: (SharedItem | CoreError)[]) {
  const listeners = new Set<() => void>();
  const inbox: ShareInbox = {
    take: () => {
      const item = waiting.shift();
      return item instanceof CoreError ? Promise.reject(item) : Promise.resolve(item);
    },
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const conversation = new CurrentConversation(undefined, () => ['Bea']);
  const notices = new Notices();
  const stop = new ShareReader(inbox, new ScriptedCore(), conversation, notices).start();
  const share = async (item: SharedItem) => {
    waiting.push(item);
    for (const listener of listeners) listener();
    await settled();
  };
  return { conversation: () => conversation.state.get(), notice: () => notices.state.get()?.notice, share, stop, waiting };
}

test('what was shared before the app started is opened', async () => {
  const { conversation } = setUp({ kind: 'text', text: 'Ana: Hi\nBea: Hello' });
  await settled();
  expect(conversation()).toMatchObject({ owner: 'Bea', input: { kind: 'conversation', messages: [{ speaker: 'Ana' }, { speaker: 'Bea' }] } });
});

test('a chat file and a later text are opened as they come', async () => {
  const { conversation, share } = setUp();
  await share({ kind: 'chat', messages: [{ speaker: 'Eva', text: 'Where?' }] });
  expect(conversation()?.input).toEqual({ kind: 'conversation', messages: [{ speaker: 'Eva', text: 'Where?' }] });
  await share({ kind: 'text', text: 'An article.' });
  expect(conversation()?.input).toEqual({ kind: 'text', text: 'An article.' });
});

test('selected text stays as it is, and an answer can take its place', async () => {
  const replaced: string[] = [];
  const { conversation } = setUp({ kind: 'text', text: 'Ana: Hi\nBea: Hello', replace: text => Promise.resolve(replaced.push(text) > 0) });
  await settled();
  expect(conversation()?.input).toEqual({ kind: 'text', text: 'Ana: Hi\nBea: Hello' });
  await expect(conversation()?.replace?.('Hola')).resolves.toBe(true);
  expect(replaced).toEqual(['Hola']);
});

test('what cannot be used is told, and does not keep the next waiting', async () => {
  const { conversation, notice, waiting } = setUp(
    new CoreError({ source: 'input', kind: 'chat-unreadable', message: 'x' }),
    { kind: 'text', text: 'An article.' },
    { kind: 'refused', why: 'too-large' },
  );
  await settled();
  expect(waiting).toEqual([]);
  expect(notice()).toEqual({ refused: { source: 'input', kind: 'too-large' } });
  expect(conversation()?.input).toMatchObject({ text: 'An article.' });
});

test('a chat file that cannot be read is told with its own reason', async () => {
  const error = new CoreError({ source: 'input', kind: 'chat-zip-invalid', message: 'x' });
  const { notice } = setUp(error);
  await settled();
  expect(notice()).toEqual({ refused: error });
});

test('a file without a message is told and takes nothing away', async () => {
  const { conversation, notice, share } = setUp({ kind: 'text', text: 'kept' });
  await settled();
  await share({ kind: 'chat', messages: [] });
  expect(notice()).toBe('import-empty');
  expect(conversation()?.input).toMatchObject({ text: 'kept' });
});

test('an inbox that fails is told once, not for ever', async () => {
  const broken = Array.from({ length: 3 }, () => new CoreError({ source: 'internal', kind: 'x', message: 'x' }));
  const { notice, waiting } = setUp(...broken);
  await settled();
  expect(notice()).toBe('failed');
  expect(waiting).toHaveLength(2);
});

test('after its end nothing is read', async () => {
  const { share, stop, conversation } = setUp();
  await settled();
  stop();
  await share({ kind: 'text', text: 'late' });
  expect(conversation()).toBeUndefined();
});
