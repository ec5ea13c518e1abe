import { Appearance, StatusBar } from 'react-native';

import { openApp, pick, press } from '../jest/renderApp';

import { en } from './i18n/en';

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
