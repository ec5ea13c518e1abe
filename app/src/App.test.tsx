import { act, fireEvent, screen } from '@testing-library/react-native';
import { Appearance, DeviceEventEmitter, StatusBar, StyleSheet, type StyleProp, type ViewStyle } from 'react-native';

import { openApp, outlivingApp, pick, press } from '../jest/renderApp';

import { itemStorage } from './core/storage/itemStorage';
import { StorageError, type Storage } from './core/storage/storage';
import { de } from './i18n/de';
import { en } from './i18n/en';

afterEach(() => {
  jest.restoreAllMocks();
});

test('what the system draws around the app follows the theme: icons dark on light and the reverse, and its own parts', async () => {
  const scheme = jest.spyOn(Appearance, 'setColorScheme');
  const shown = jest.spyOn(StatusBar, 'pushStackEntry');
  const changed = jest.spyOn(StatusBar, 'replaceStackEntry');
  await openApp();
  expect(scheme).toHaveBeenLastCalledWith('auto');
  expect(shown).toHaveBeenLastCalledWith(expect.objectContaining({ barStyle: 'dark-content' }));

  const choose = async (theme: string) => {
    await press(new RegExp(`^${en.settings.theme}`));
    await pick(theme);
  };
  await press(en.settings.title);
  await choose(en.settings.themes.dark);
  expect(scheme).toHaveBeenLastCalledWith('dark');
  expect(changed).toHaveBeenLastCalledWith(expect.anything(), expect.objectContaining({ barStyle: 'light-content' }));
  await choose(en.settings.themes.light);
  expect(scheme).toHaveBeenLastCalledWith('light');
  expect(changed).toHaveBeenLastCalledWith(expect.anything(), expect.objectContaining({ barStyle: 'dark-content' }));
  await choose(en.settings.themes.system);
  expect(scheme).toHaveBeenLastCalledWith('auto');
});

test('dialogs make room for the keyboard, and take it back', async () => {
  await openApp();
  await press(new RegExp(`^${en.range.button('')}`));
  const paddingOf = (view: { props: Record<string, unknown> }) => StyleSheet.flatten(view.props['style'] as StyleProp<ViewStyle>)?.paddingBottom;
  const room = () => {
    for (let view = screen.getByLabelText(en.range.custom).parent; view; view = view.parent)
      if (view.props['onLayout'] !== undefined && paddingOf(view) !== undefined) return view;
    throw new Error('nothing around the dialog makes room');
  };
  const keyboard = async (event: string, screenY: number) => {
    await act(async () => {
      DeviceEventEmitter.emit(event, { duration: 0, easing: 'keyboard', endCoordinates: { screenX: 0, screenY, width: 400, height: 800 - screenY } });
      await Promise.resolve();
    });
  };
  await fireEvent(room(), 'layout', { persist: () => undefined, nativeEvent: { layout: { x: 0, y: 0, width: 400, height: 800 } } });
  await keyboard('keyboardWillShow', 500);
  expect(paddingOf(room())).toBe(300);
  await keyboard('keyboardWillHide', 800);
  expect(paddingOf(room())).toBe(0);
});

test('screens that come back speak the language that the phone has by then, on the same model', async () => {
  const { core, show, end } = outlivingApp();
  await show();
  expect(screen.getByText(en.model.loading)).toBeOnTheScreen();
  await screen.unmount();
  const german = { ...Intl.DateTimeFormat().resolvedOptions(), locale: 'de-DE' };
  jest.spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions').mockReturnValue(german);
  await show();
  expect(screen.getByText(de.model.loading)).toBeOnTheScreen();
  expect(core.opening).toHaveLength(1);
  await end();
});

test('a new history takes the place of a lost one where the services outlive the screens, and is kept like the first', async () => {
  let storage: Storage | undefined;
  const openStorage = () => (storage ? Promise.resolve(storage) : Promise.reject(new StorageError('lost')));
  const startNewStorage = () => Promise.resolve((storage = itemStorage(new Map())));
  const { core, show, end } = outlivingApp({ openStorage, startNewStorage });
  await show();
  await press(en.history.title);
  await press(en.history.unreadable.startNew);
  await press(en.history.unreadable.startNewSure);
  await press(en.history.title);
  expect(screen.queryByText(en.history.unreadable.lostHint)).toBeNull();
  expect(core.opening).toHaveLength(2);
  await screen.unmount();
  await show();
  await press(en.history.title);
  expect(screen.queryByText(en.history.unreadable.lostHint)).toBeNull();
  expect(core.opening).toHaveLength(2);
  await end();
});
