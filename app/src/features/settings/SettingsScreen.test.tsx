import { fireEvent, screen } from '@testing-library/react-native';

import { button, loaded, openApp, pick, press, settle } from '../../../jest/renderApp';
import { largeBundle } from '../../../jest/scriptedCore';
import type { BundleInfo } from '../../core/contract';
import { itemStorage } from '../../core/storage/itemStorage';
import { de } from '../../i18n/de';
import { en } from '../../i18n/en';
import { languageInItself } from '../../i18n/languageName';
import { ALL_LINES } from '../../ui/lines';

const benchmarked: BundleInfo = {
  ...largeBundle,
  compositions: largeBundle.compositions.map(composition => ({ ...composition, modes: ['calibrated', 'two-step', 'merge'] })),
};

async function choose(title: string, option: string) {
  await press(new RegExp(`^${title}`));
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

test('what is chosen as the app opens is what the settings and the benchmark go by', async () => {
  const storage = itemStorage(new Map());
  const first = await openApp({ storage, offered: largeBundle });
  await loaded(first);
  await pick('French');
  await press(en.settings.title);
  await choose(en.settings.output, en.settings.outputThis);
  await press(en.app.back);
  await pick('Spanish');
  await screen.unmount();

  const core = await openApp({ storage, offered: benchmarked });
  await loaded(core);
  expect(screen.getByRole('radio', { name: 'French' })).toBeChecked();
  await press(en.settings.title);
  await press(en.settings.benchmark);
  await press(en.benchmark.start);
  expect(core.benches[0]?.plan.into).toEqual(['fr']);
  await press(en.benchmark.stop);
  await press(en.app.back);
  await choose(en.settings.output, en.settings.outputLast);
  await choose(en.settings.output, en.settings.outputThis);
  await screen.unmount();

  await openApp({ storage, offered: largeBundle });
  expect(screen.getByRole('radio', { name: 'French' })).toBeChecked();
});

test('what is proposed at first can be fixed', async () => {
  const storage = itemStorage(new Map());
  const core = await openApp({ storage });
  await loaded(core);
  await press(en.settings.title);
  await choose(en.settings.output, en.settings.outputThis);
  expect(button(new RegExp(en.settings.outputThis))).toBeOnTheScreen();
});

test('a hint is shown whole', async () => {
  await openApp({ device: { secureWindow: { isOn: () => false, set: () => undefined, hideInRecents: () => undefined } } });
  await press(en.settings.title);
  for (const hint of [en.settings.contextHint, en.settings.threadsHint, en.settings.historyHint, en.settings.secureHint])
    expect(screen.getByText(new RegExp(hint))).toHaveProp('numberOfLines', ALL_LINES);
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
