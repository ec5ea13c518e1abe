import { act, fireEvent, screen } from '@testing-library/react-native';
import { AppState, StyleSheet, type AppStateStatus, type ViewStyle } from 'react-native';

import { button, loaded, openApp, press, settle, write } from '../../../jest/renderApp';
import type { SharedItem, ShareInbox } from '../../core/device';
import { itemStorage } from '../../core/storage/itemStorage';
import { en } from '../../i18n/en';

const locked = () => itemStorage(new Map([['value/preferences', JSON.stringify({ appLock: true })]]));

/** A lock that answers as it is told. */
function lockThat(...answers: boolean[]) {
  const lock = { asked: 0, available: () => true, unlock: () => (lock.asked++, Promise.resolve(answers.shift() ?? false)) };
  return lock;
}

const conversation = () => screen.queryByLabelText(en.conversation.label);

test('shows nothing of the user until it is unlocked, and can be asked again', async () => {
  const lock = lockThat(false, true);
  await openApp({ device: { appLock: lock }, storage: locked() });
  expect(conversation()).toBeNull();
  expect(screen.getByText(en.lock.title)).toBeOnTheScreen();
  await press(en.lock.unlock);
  expect(lock.asked).toBe(2);
  expect(conversation()).toBeOnTheScreen();
});

test('a phone that lost its screen lock does not shut its owner out', async () => {
  await openApp({ device: { appLock: { ...lockThat(), available: () => false } }, storage: locked() });
  expect(conversation()).toBeOnTheScreen();
});

/** Lets the app be out of sight. */
function outOfSight() {
  const listeners = new Set<(state: AppStateStatus) => void>();
  jest.spyOn(AppState, 'addEventListener').mockImplementation((_, listener) => {
    listeners.add(listener);
    return { remove: () => listeners.delete(listener) };
  });
  const now = jest.spyOn(Date, 'now');
  const become = async (state: AppStateStatus) => {
    await act(() => {
      for (const listener of listeners) listener(state);
    });
    await settle();
  };
  const away = async (milliseconds: number) => {
    now.mockReturnValue(0);
    await become('background');
    now.mockReturnValue(milliseconds);
    await become('active');
  };
  return Object.assign(away, { become });
}

afterEach(() => {
  jest.restoreAllMocks();
});

test('asks again after a while out of sight, not after a moment', async () => {
  const away = outOfSight();
  await openApp({ device: { appLock: lockThat(true, false) }, storage: locked() });
  await away(30_000);
  expect(conversation()).toBeOnTheScreen();
  await away(90_000);
  expect(conversation()).toBeNull();
});

test('out of sight everything is covered, a dialog too, until it is known whether to ask', async () => {
  const { become } = outOfSight();
  await openApp({ device: { appLock: lockThat(true) }, storage: locked() });
  await press(new RegExp(`^${en.range.button('')}`));
  await become('background');
  expect(StyleSheet.flatten(screen.getByTestId('cover').props['style'] as ViewStyle)).toMatchObject({
    ...StyleSheet.absoluteFill,
    backgroundColor: expect.any(String) as string,
  });
  const drawn = JSON.stringify(screen.toJSON());
  expect(drawn.indexOf('"cover"')).toBeGreaterThan(drawn.indexOf(en.range.custom));
  await become('active');
  expect(screen.queryByTestId('cover')).toBeNull();
  expect(screen.getByLabelText(en.range.custom)).toBeVisible();
});

test('without the lock nothing is covered', async () => {
  const { become } = outOfSight();
  await openApp({ device: { appLock: lockThat() } });
  await become('background');
  expect(screen.queryByTestId('cover')).toBeNull();
});

test('the list of recent apps shows no picture of the app while the lock is on', async () => {
  const hidden: boolean[] = [];
  const secureWindow = { isOn: () => false, set: () => undefined, hideInRecents: (on: boolean) => void hidden.push(on) };
  await openApp({ device: { secureWindow, appLock: lockThat(true, true) }, storage: locked() });
  expect(hidden).toEqual([true]);
  await press(en.settings.title);
  await fireEvent.press(screen.getByRole('switch', { name: new RegExp(en.settings.lock) }));
  await settle();
  expect(hidden).toEqual([true, false]);
});

test('what was typed is hidden while it is locked, and there again', async () => {
  const away = outOfSight();
  await openApp({ device: { appLock: lockThat(true, false, true) }, storage: locked() });
  await press(en.conversation.change);
  const typed = () => screen.queryByDisplayValue('private words');
  await fireEvent.changeText(screen.getByLabelText(en.conversation.textLabel), 'private words');
  await away(90_000);
  expect(typed()).toBeNull();
  expect(screen.getByDisplayValue('private words', { includeHiddenElements: true })).not.toBeVisible();
  await press(en.lock.unlock);
  expect(typed()).toBeVisible();
});

test('what is shared while it is locked is on the screen when it is unlocked', async () => {
  const away = outOfSight();
  const waiting: SharedItem[] = [];
  let come: () => void = () => undefined;
  const shareInbox: ShareInbox = { take: () => Promise.resolve(waiting.shift()), subscribe: listener => ((come = listener), () => undefined) };
  await openApp({ device: { shareInbox, appLock: lockThat(true, false, true) }, storage: locked() });
  await press(en.settings.title);
  await away(90_000);
  waiting.push({ kind: 'text', text: 'private words' });
  await act(() => {
    come();
  });
  await settle();
  expect(screen.queryByText('private words')).toBeNull();
  await press(en.lock.unlock);
  expect(screen.getByText('private words')).toBeVisible();
  expect(conversation()).toBeVisible();
});

test('no dialog stays in front of the lock, and the words in it are not lost', async () => {
  const away = outOfSight();
  const core = await openApp({ device: { appLock: lockThat(true, false, true) }, storage: locked() });
  await loaded(core);
  await press(en.task.start['summarize'] ?? '');
  await write(core, 'Quedan.');
  await press(en.answer.edit);
  await fireEvent.changeText(screen.getByDisplayValue('Quedan.'), 'Quedan el viernes.');
  await away(90_000);
  expect(screen.queryByDisplayValue('Quedan el viernes.', { includeHiddenElements: true })).toBeNull();
  await press(en.lock.unlock);
  expect(screen.getByDisplayValue('Quedan el viernes.')).toBeVisible();
});

test('nothing is read aloud behind the lock', async () => {
  const away = outOfSight();
  let stops = 0;
  const readAloud = { speak: () => new Promise<boolean>(() => undefined), stop: () => void (stops += 1) };
  const core = await openApp({ device: { readAloud, appLock: lockThat(true, false) }, storage: locked() });
  await loaded(core);
  await press(en.task.start['summarize'] ?? '');
  await write(core, 'Quedan.');
  await press(en.answer.readAloud);
  await away(90_000);
  expect(stops).toBe(1);
});

test('a model that fell asleep behind the lock is still of use', async () => {
  const away = outOfSight();
  let shortOfMemory: () => void = () => undefined;
  const onMemoryPressure = (listener: () => void) => ((shortOfMemory = listener), () => undefined);
  const core = await openApp({ device: { onMemoryPressure, appLock: lockThat(true, true) }, storage: locked() });
  await loaded(core);
  await act(() => {
    shortOfMemory();
  });
  await away(90_000);
  expect(screen.getByText(en.model.closed)).toBeOnTheScreen();
  await press(en.settings.title);
  await press(en.settings.benchmark);
  expect(button(en.benchmark.start)).toBeEnabled();
  await press(en.app.back);
  await press(en.app.back);
  await press(en.task.start['summarize'] ?? '');
  await loaded(core);
  expect(core.runs).toHaveLength(1);
});

test('who was long away before the lock is switched on is asked once, and stays in the settings', async () => {
  const away = outOfSight();
  const lock = lockThat(true);
  await openApp({ device: { appLock: lock } });
  await away(90_000);
  await press(en.settings.title);
  const row = () => screen.getByRole('switch', { name: new RegExp(en.settings.lock) });
  await fireEvent.press(row());
  await settle();
  expect(row()).toBeChecked();
  expect(lock.asked).toBe(1);
});

test('the switch asks before it changes anything', async () => {
  const lock = lockThat(false, true);
  await openApp({ device: { appLock: lock } });
  await press(en.settings.title);
  const row = () => screen.getByRole('switch', { name: new RegExp(en.settings.lock) });
  const tap = async () => {
    await fireEvent.press(row());
    await settle();
  };
  await tap();
  expect(row()).not.toBeChecked();
  await tap();
  expect(row()).toBeChecked();
});
