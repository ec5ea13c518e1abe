import { fireEvent, screen } from '@testing-library/react-native';

import { button, loaded, openApp, pick, press, settle } from '../../../jest/renderApp';
import { itemStorage } from '../../core/storage/itemStorage';
import { de } from '../../i18n/de';
import { en } from '../../i18n/en';
import { languageInItself } from '../../i18n/languageName';

async function choose(title: string, option: string) {
  await press(new RegExp(title));
  await pick(option);
}

test('the language of the app changes at once, names of languages with it, and stays', async () => {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage });
  await loaded(core);
  await press(en.settings.title);
  await choose(en.settings.language, languageInItself['de'] ?? '');
  expect(screen.getByText(de.settings.title)).toBeOnTheScreen();
  await press(de.app.back);
  expect(screen.getByRole('radio', { name: 'Spanisch' })).toBeOnTheScreen();
  await screen.unmount();
  await openApp({ storage });
  expect(button(de.settings.title)).toBeOnTheScreen();
});

test('length and threads are those of the next request and the next load', async () => {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage });
  await loaded(core);
  expect(core.options).toEqual({});
  await press(en.settings.title);
  await choose(en.settings.length, en.settings.lengthOf('64'));
  await choose(en.settings.threads, '2');
  await press(en.app.back);
  await press(en.task.start['summarize'] ?? '');
  expect(core.runs[0]?.request.maxTokens).toBe(64);
  await screen.unmount();
  const next = await openApp({ storage });
  expect(next.options).toEqual({ threads: 2 });
});

test('what is chosen when the app opens can be fixed', async () => {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage });
  await loaded(core);
  await pick(en.choice.original);
  await press(en.settings.title);
  await choose(en.settings.output, en.settings.outputThis);
  await press(en.app.back);
  await pick('Spanish');
  await screen.unmount();
  const next = await openApp({ storage });
  await loaded(next);
  expect(screen.getByRole('radio', { name: en.choice.original })).toBeChecked();
});

test('what only a phone has is offered there alone', async () => {
  let secure = false;
  await openApp({ device: { secureWindow: { isOn: () => secure, set: on => void (secure = on), hideInRecents: () => undefined } } });
  await press(en.settings.title);
  expect(screen.queryByRole('switch', { name: new RegExp(en.settings.lock) })).toBeNull();
  await fireEvent.press(screen.getByRole('switch', { name: new RegExp(en.settings.secure) }));
  await settle();
  expect(secure).toBe(true);
});

test('the card of the bundle says what it can write', async () => {
  const core = await openApp();
  await loaded(core);
  await press(en.settings.title);
  await press(en.about.title);
  expect(screen.getByText(core.offered.baseName)).toBeOnTheScreen();
  expect(screen.getByText('Summary: Spanish')).toBeOnTheScreen();
});
