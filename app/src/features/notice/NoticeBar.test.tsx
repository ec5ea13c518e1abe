import { act, render, screen } from '@testing-library/react-native';
import { PaperProvider } from 'react-native-paper';

import { I18nContext } from '../../i18n';
import { en } from '../../i18n/en';

import { NoticeBar } from './NoticeBar';
import { Notices } from './notices';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('each deletion can be undone for its whole time, also one soon after another', async () => {
  const notices = new Notices();
  await render(
    <I18nContext.Provider value={{ locale: 'en', messages: en, languageName: tag => tag }}>
      <PaperProvider>
        <NoticeBar notices={notices} />
      </PaperProvider>
    </I18nContext.Provider>,
  );
  const remove = () =>
    act(() => {
      notices.show({ undo: () => undefined });
    });
  const pass = (milliseconds: number) =>
    act(() => {
      jest.advanceTimersByTime(milliseconds);
    });
  await remove();
  await pass(5000);
  await remove();
  await pass(5000);
  expect(screen.getByText(en.history.removed)).toBeOnTheScreen();
  await pass(5000);
  expect(screen.queryByText(en.history.removed)).toBeNull();
});
