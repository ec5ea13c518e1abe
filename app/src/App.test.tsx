import { screen } from '@testing-library/react-native';

import { outlivingApp } from '../jest/renderApp';

import { de } from './i18n/de';
import { en } from './i18n/en';

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
