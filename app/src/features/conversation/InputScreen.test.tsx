import Clipboard from '@react-native-clipboard/clipboard';
import { fireEvent, screen, within } from '@testing-library/react-native';

import { button, loaded, openApp, pick, press, settle, write } from '../../../jest/renderApp';
import { Deferred, largeBundle, type ScriptedCore } from '../../../jest/scriptedCore';
import type { ChatMessage } from '../../core/contract';
import { CoreError } from '../../core/errors';
import { itemStorage } from '../../core/storage/itemStorage';
import { en } from '../../i18n/en';

const START = en.task.start['summarize'] ?? '';
const conversation = () => within(screen.getByLabelText(en.conversation.label));

const days: ChatMessage[] = [
  { speaker: 'Eva', text: 'On Monday.', sentAt: '2026-11-23T10:00' },
  { speaker: 'Leo', text: 'On Tuesday.', sentAt: '2026-11-24T09:00' },
  { speaker: 'Eva', text: 'Also on Tuesday.', sentAt: '2026-11-24T09:05' },
];

async function enter(text: string) {
  await press(en.conversation.change);
  await fireEvent.changeText(screen.getByLabelText(en.conversation.textLabel), text);
  await press(en.conversation.use);
}

test('typed chat text becomes messages, other text stays text', async () => {
  const core = await openApp();
  await loaded(core);
  await enter('Eva: Where are you?\nLeo: At the station.');
  expect(conversation().getByText('At the station.')).toBeOnTheScreen();
  await press(START);
  expect(core.runs[0]?.request.input).toMatchObject({ kind: 'conversation', messages: [{ speaker: 'Eva' }, { speaker: 'Leo' }] });
  await enter('An article about trains.');
  await press(START);
  await settle();
  expect(core.runs[1]?.request.input).toEqual({ kind: 'text', text: 'An article about trains.' });
});

test('the clipboard is read when asked for, and an empty one is told', async () => {
  await openApp();
  await press(en.conversation.change);
  jest.mocked(Clipboard.getString).mockResolvedValueOnce(' ');
  await press(en.conversation.paste);
  expect(screen.getByText(en.conversation.pasteFailed)).toBeOnTheScreen();
  jest.mocked(Clipboard.getString).mockResolvedValueOnce('Eva: Where?');
  await press(en.conversation.paste);
  expect(screen.queryByText(en.conversation.pasteFailed)).toBeNull();
  await press(en.conversation.use);
  expect(conversation().getByText('Where?')).toBeOnTheScreen();
});

test('a chat file that its provider does not give is told with the remedy', async () => {
  const refused = new CoreError({ source: 'document', kind: 'not-picked', message: 'x' });
  await openApp({ device: { pickChat: () => Promise.reject(refused) } });
  await press(en.conversation.change);
  await press(en.conversation.importFile);
  expect(screen.getByText(en.error.document['not-picked'])).toBeOnTheScreen();
});

test('a chat file is opened, and one that is none is told', async () => {
  const answers: (() => Promise<ChatMessage[] | undefined>)[] = [
    () => Promise.resolve(undefined),
    () => Promise.resolve([]),
    () => Promise.reject(new CoreError({ source: 'input', kind: 'chat-several', message: 'x' })),
    () => Promise.resolve(days),
  ];
  await openApp({ device: { pickChat: () => answers.shift()?.() ?? Promise.resolve(undefined) } });
  await press(en.conversation.change);
  await press(en.conversation.importFile);
  await press(en.conversation.importFile);
  expect(screen.getByText(en.conversation.importEmpty)).toBeOnTheScreen();
  await press(en.conversation.importFile);
  expect(screen.getByText(en.error.input['chat-several'])).toBeOnTheScreen();
  await press(en.conversation.importFile);
  expect(conversation().getByText('On Monday.')).toBeOnTheScreen();
});

/** A chat file is chosen, and is still being read. */
async function pickSlowly() {
  const picked = new Deferred<ChatMessage[]>();
  const ended = jest.fn();
  const pickChat = (signal: AbortSignal) => {
    signal.addEventListener('abort', ended);
    return picked.promise;
  };
  await openApp({ device: { pickChat } });
  await press(en.conversation.change);
  await press(en.conversation.importFile);
  expect(ended).not.toHaveBeenCalled();
  return { picked, ended };
}

test('a chat file that is read after the user has left changes nothing, and is read no further', async () => {
  const { picked, ended } = await pickSlowly();
  await press(en.app.back);
  expect(ended).toHaveBeenCalledTimes(1);
  picked.resolve(days);
  await settle();
  expect(conversation().getByText('Shall we go on Friday?')).toBeOnTheScreen();
});

test('a chat file that is slow to come can be cancelled, is then read no further, and changes nothing', async () => {
  const { picked, ended } = await pickSlowly();
  await press(en.app.cancel);
  expect(ended).toHaveBeenCalledTimes(1);
  expect(screen.queryByText(en.conversation.importing)).toBeNull();
  expect(button(en.conversation.importFile)).toBeEnabled();
  picked.resolve(days);
  await settle();
  expect(button(en.conversation.importFile)).toBeOnTheScreen();
});

test('without a picker no file is offered', async () => {
  await openApp();
  await press(en.conversation.change);
  expect(screen.queryByRole('button', { name: en.conversation.importFile })).toBeNull();
});

describe('the range', () => {
  async function openDays() {
    const core = await openApp({ device: { pickChat: () => Promise.resolve(days) } });
    await loaded(core);
    await press(en.conversation.change);
    await press(en.conversation.importFile);
    await press(en.range.button('3 messages'));
    return core;
  }

  test('of a day leaves the messages before it out of the view and of the request', async () => {
    const core = await openDays();
    await pick(/Since Nov 24, 2026/);
    expect(conversation().queryByText('On Monday.')).toBeNull();
    await press(START);
    expect(core.runs[0]?.request.input).toEqual({ kind: 'conversation', messages: days.slice(1) });
  });

  test('since the own last message is what the user has not answered', async () => {
    const core = await openApp();
    await loaded(core);
    await enter('Eva: One\nLeo: Two\nEva: Three\nEva: Four');
    await press(en.range.button('4 messages'));
    expect(screen.queryByRole('radio', { name: new RegExp(en.range.sinceOwn) })).toBeNull();
    await press(en.app.close);
    await press(en.owner.unknown);
    expect(screen.getByText(en.owner.hint)).toBeOnTheScreen();
    await pick('Leo');
    await press(en.range.button('4 messages'));
    await pick(new RegExp(en.range.sinceOwn));
    await press(START);
    expect(core.runs[0]?.request.input).toMatchObject({ messages: [{ text: 'Three' }, { text: 'Four' }] });
    await press(en.owner.button('Leo'));
    await pick('Eva');
    expect(button(en.range.button('4 messages'))).toBeOnTheScreen();
  });

  test('of a typed number takes the last so many', async () => {
    const core = await openDays();
    await fireEvent.changeText(screen.getByLabelText(en.range.custom), '1');
    await pick(new RegExp(en.range.last('1', 1)));
    await press(START);
    expect(core.runs[0]?.request.input).toEqual({ kind: 'conversation', messages: days.slice(2) });
  });
});

describe('a reply, where the user has not said who they are,', () => {
  const reply = async () => {
    const core = await openApp({ offered: largeBundle });
    await loaded(core);
    await pick('Reply');
    return core;
  };
  const replySpeaker = async (core: ScriptedCore) => {
    await press(en.task.start['reply'] ?? '');
    return core.runs.at(-1)?.request.replySpeaker;
  };

  test('is by the latest other speaker, also one before the range', async () => {
    const core = await reply();
    await enter('Eva: One\nLeo: Two\nEva: Three');
    await press(en.range.button('3 messages'));
    await fireEvent.changeText(screen.getByLabelText(en.range.custom), '1');
    await pick(new RegExp(en.range.last('1', 1)));
    await expect(replySpeaker(core)).resolves.toBe('Leo');
  });

  test.each(['An article about trains.', 'Eva: One'])('is by the user where there is nobody else: %s', async text => {
    const core = await reply();
    await enter(text);
    await expect(replySpeaker(core)).resolves.toBe(en.owner.me);
  });

  test('does not make the history take that speaker for the user', async () => {
    const core = await reply();
    await enter('Eva: One\nLeo: Two');
    await replySpeaker(core);
    await write(core, 'Three');
    await press(en.history.title);
    await fireEvent.press(screen.getByText('Three'));
    await settle();
    await press(en.history.open);
    expect(button(en.owner.unknown)).toBeOnTheScreen();
  });
});

test('who said once who they are is known in the next conversation, also after the next start', async () => {
  const storage = itemStorage(new Map());
  await openApp({ storage });
  await enter('Eva: Where are you?\nLeo: At the station.');
  await press(en.owner.unknown);
  await pick('Leo');
  expect(button(en.owner.button('Leo'))).toBeOnTheScreen();
  await screen.unmount();
  const core = await openApp({ storage });
  await loaded(core);
  await enter('Leo: Hello\nMia: Hi');
  expect(button(en.owner.button('Leo'))).toBeOnTheScreen();
});

test('a conversation of two thousand messages draws only those in sight', async () => {
  await openApp();
  await enter(Array.from({ length: 2000 }, (_, index) => `Eva: message ${String(index)}`).join('\n'));
  const drawn = conversation().getAllByText(/^message \d+$/).length;
  expect(drawn).toBeGreaterThan(0);
  expect(drawn).toBeLessThan(60);
});
