import { act, fireEvent, screen } from '@testing-library/react-native';
import { AppState, type AppStateStatus } from 'react-native';

import { openApp, press, settle } from '../../../jest/renderApp';
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

test('asks again after a while out of sight, not after a moment', async () => {
  const listeners = new Set<(state: AppStateStatus) => void>();
  jest.spyOn(AppState, 'addEventListener').mockImplementation((_, listener) => {
    listeners.add(listener);
    return { remove: () => listeners.delete(listener) };
  });
  const now = jest.spyOn(Date, 'now');
  const away = async (milliseconds: number) => {
    now.mockReturnValue(0);
    await act(() => {
      for (const listener of listeners) listener('background');
    });
    now.mockReturnValue(milliseconds);
    await act(() => {
      for (const listener of listeners) listener('active');
    });
    await settle();
  };
  await openApp({ device: { appLock: lockThat(true, false) }, storage: locked() });
  await away(30_000);
  expect(conversation()).toBeOnTheScreen();
  await away(90_000);
  expect(conversation()).toBeNull();
  jest.restoreAllMocks();
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
