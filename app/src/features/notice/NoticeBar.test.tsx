import { act, render, screen } from '@testing-library/react-native';
import { PaperProvider } from 'react-native-paper';

import { I18nContext } from '../../i18n';
import { en } from '../../i18n/en';

import { NoticeBar } from './NoticeBar';
import { Notices, type Notice } from './notices';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const told: { what: string; notice: () => Notice; text: string }[] = [
  { what: 'a deletion, to be undone,', notice: () => ({ undo: () => undefined }), text: en.history.removed },
  { what: 'a file that was refused', notice: () => ({ refused: { source: 'input', kind: 'chat-missing' } }), text: en.error.input['chat-missing'] },
  { what: 'what was told before', notice: () => 'exported', text: en.history.exported },
];

test.each(told)('$what is shown for its whole time, also one soon after another', async ({ notice, text }) => {
  const notices = new Notices();
  await render(
    <I18nContext.Provider value={{ locale: 'en', messages: en, languageName: tag => tag }}>
      <PaperProvider>
        <NoticeBar notices={notices} />
      </PaperProvider>
    </I18nContext.Provider>,
  );
  const show = () =>
    act(() => {
      notices.show(notice());
    });
  const pass = (milliseconds: number) =>
    act(() => {
      jest.advanceTimersByTime(milliseconds);
    });
  await show();
  await pass(5000);
  await show();
  await pass(5000);
  expect(screen.getByText(text)).toBeOnTheScreen();
  await pass(5000);
  expect(screen.queryByText(text)).toBeNull();
});
