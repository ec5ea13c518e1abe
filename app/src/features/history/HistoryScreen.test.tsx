import { fireEvent, screen, within } from '@testing-library/react-native';

import { button, loaded, openApp, pick, press, settle, write } from '../../../jest/renderApp';
import type { Device } from '../../core/device';
import { itemStorage } from '../../core/storage/itemStorage';
import { StorageError, type Storage } from '../../core/storage/storage';
import { en } from '../../i18n/en';
import type { Preferences } from '../settings/preferences';

const START = en.task.start['summarize'] ?? '';
const list = () => screen.getByLabelText(en.history.title);

/** The app with a history of two answers. */
async function openHistory(device = {}) {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage, device });
  await loaded(core);
  for (const text of ['Quedan el viernes.', 'Llegan el lunes.']) {
    await press(START);
    await write(core, text);
  }
  await press(en.history.title);
  return { core, storage };
}

test('an answer is found again, with what it was made from', async () => {
  await openHistory();
  await fireEvent.changeText(screen.getByLabelText(en.history.search), 'VIERNES');
  await settle();
  expect(within(list()).queryByText('Llegan el lunes.')).toBeNull();
  await fireEvent.press(within(list()).getByText('Quedan el viernes.'));
  await settle();
  expect(screen.getByText('Summary · Spanish')).toBeOnTheScreen();
  await press(en.answer.copy);
  expect(button(en.answer.copied)).toBeOnTheScreen();
  await press(en.history.open);
  expect(within(screen.getByLabelText(en.conversation.label)).getByText('Shall we go on Friday?')).toBeOnTheScreen();
});

test('an answer is kept with who the user was when it was asked for', async () => {
  const core = await openApp();
  await loaded(core);
  await press(START);
  await press(en.owner.button('Bea'));
  await pick('Ana');
  await write(core, 'Quedan.');
  await press(en.history.title);
  await fireEvent.press(screen.getByText('Quedan.'));
  await settle();
  await press(en.history.open);
  expect(button(en.owner.button('Bea'))).toBeOnTheScreen();
});

test('one is deleted and brought back, and all after a question', async () => {
  const { storage } = await openHistory();
  const [first] = within(list()).getAllByRole('button', { name: en.history.remove });
  if (first) await fireEvent.press(first);
  await settle();
  expect(within(list()).queryByText('Llegan el lunes.')).toBeNull();
  expect(await storage.heads({ words: '', limit: 9 })).toHaveLength(1);
  await press(en.app.undo);
  expect(within(list()).getByText('Llegan el lunes.')).toBeOnTheScreen();
  expect(await storage.heads({ words: '', limit: 9 })).toHaveLength(2);
  await press(en.history.removeAll);
  expect(await storage.heads({ words: '', limit: 9 })).toHaveLength(2);
  await press(en.history.removeAll);
  expect(screen.getByText(en.history.empty)).toBeOnTheScreen();
  expect(await storage.heads({ words: '', limit: 9 })).toEqual([]);
});

test('all are exported as Markdown, in the names of the interface', async () => {
  const saved: string[][] = [];
  await openHistory({ saveFile: (...file: string[]) => Promise.resolve(saved.push(file) > 0) });
  await press(en.history.exportAll);
  expect(saved).toHaveLength(1);
  const [name, type, text] = saved[0] ?? [];
  expect([name, type]).toEqual(['tandem.md', 'text/markdown']);
  for (const part of ['Summary · Spanish', 'Quedan el viernes', 'Llegan el lunes', '> Ana: Shall we go on Friday?']) expect(text).toContain(part);
  expect(screen.getByText(en.history.exported)).toBeOnTheScreen();
});

test('switched off in the settings it keeps nothing new, and says so', async () => {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage });
  await loaded(core);
  await press(en.settings.title);
  await fireEvent.press(screen.getByRole('switch', { name: new RegExp(en.settings.history) }));
  await press(en.app.back);
  await press(START);
  await write(core, 'Quedan.');
  await press(en.history.title);
  expect(screen.getByText(en.history.off)).toBeOnTheScreen();
  expect(await storage.heads({ words: '', limit: 9 })).toEqual([]);
});

test('a storage that fails is told, and the app goes on', async () => {
  const storage = { ...itemStorage(new Map()), keep: () => Promise.reject(new StorageError('full')) };
  const core = await openApp({ storage });
  await loaded(core);
  await press(START);
  await write(core, 'Quedan.');
  expect(screen.getByText(en.history.full)).toBeOnTheScreen();
  expect(screen.getByText('Quedan.')).toBeOnTheScreen();
});

test('a storage that cannot be opened leaves an app that works until it ends', async () => {
  const core = await openApp({ openStorage: () => Promise.reject(new StorageError('failed')) });
  expect(screen.getByText(en.history.failed)).toBeOnTheScreen();
  await loaded(core);
  await pick('Spanish');
  await press(START);
  expect(core.runs).toHaveLength(1);
});

/** The app where the history does not open for this reason, until it is mended and has these settings. */
async function openUnreadable(kind: StorageError['kind'], device: Device = {}, settings: Partial<Preferences> = { theme: 'dark' }) {
  const old = itemStorage(new Map([['value/preferences', JSON.stringify(settings)]]));
  let storage: Storage | undefined;
  const open = () => (storage ? Promise.resolve(storage) : Promise.reject(new StorageError(kind)));
  const startNewStorage = jest.fn(() => Promise.resolve((storage = itemStorage(new Map()))));
  const core = await openApp({ device, openStorage: open, startNewStorage });
  return { core, startNewStorage, mend: () => void (storage = old) };
}

test('a history that nobody can read is told, and a new one is started only when the user says so twice', async () => {
  const { startNewStorage } = await openUnreadable('lost');
  expect(screen.getByText(en.history.lost)).toBeOnTheScreen();
  await press(en.history.title);
  expect(screen.getByText(en.history.unreadable.lostHint)).toBeOnTheScreen();
  expect(screen.queryByRole('button', { name: en.model.retry })).toBeNull();

  await press(en.history.unreadable.startNew);
  await press(en.app.cancel);
  expect(startNewStorage).not.toHaveBeenCalled();

  await press(en.history.unreadable.startNew);
  await press(en.history.unreadable.startNewSure);
  expect(startNewStorage).toHaveBeenCalledTimes(1);
  await press(en.history.title);
  expect(screen.queryByText(en.history.unreadable.lostHint)).toBeNull();
});

test('a history that does not open for now is tried again, and is then there with the settings', async () => {
  const { startNewStorage, mend } = await openUnreadable('failed');
  await press(en.history.title);
  await press(en.model.retry);
  expect(screen.getByText(en.history.unreadable.closedHint)).toBeOnTheScreen();
  mend();
  await press(en.model.retry);
  await press(en.history.title);
  expect(screen.queryByText(en.history.unreadable.closedHint)).toBeNull();
  await press(en.app.back);
  await press(en.settings.title);
  expect(screen.getByText(en.settings.themes.dark)).toBeOnTheScreen();
  expect(startNewStorage).not.toHaveBeenCalled();
});

test.each([{ keepHistory: true }, { keepHistory: false }])(
  'what was shown and made while the history did not open is not lost, nor kept against the settings: %o',
  async settings => {
    const { core, mend } = await openUnreadable('failed', {}, settings);
    await loaded(core);
    await press(en.conversation.change);
    await fireEvent.changeText(screen.getByLabelText(en.conversation.textLabel), 'We meet at the station.');
    await press(en.conversation.use);
    await press(START);
    await write(core, 'Quedan.');
    mend();
    await press(en.history.title);
    await press(en.model.retry);
    expect(screen.getByText('We meet at the station.')).toBeOnTheScreen();
    await press(en.history.title);
    expect(within(list()).queryAllByText('Quedan.')).toHaveLength(settings.keepHistory ? 1 : 0);
  },
);

test('how the app ended before is told when the setting that it changes is kept', async () => {
  const takeLast = jest.fn(() => Promise.resolve({ reason: 'low-memory', running: 'answer' } as const));
  await openUnreadable('lost', { exitNotice: { takeLast, running: () => undefined } });
  expect(takeLast).not.toHaveBeenCalled();
  expect(screen.getByText(en.history.lost)).toBeOnTheScreen();
  await press(en.history.title);
  await press(en.history.unreadable.startNew);
  await press(en.history.unreadable.startNewSure);
  expect(screen.getByText(en.notice.lowMemory)).toBeOnTheScreen();
});
