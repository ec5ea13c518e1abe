import { act, screen } from '@testing-library/react-native';

import { loaded, openApp, outlivingApp, pick, press, settle, write } from '../../../jest/renderApp';
import { largeBundle } from '../../../jest/scriptedCore';
import type { Device } from '../../core/device';
import { de } from '../../i18n/de';
import { en } from '../../i18n/en';

/** A system that notes what it is told. */
function noting() {
  const told: unknown[] = [];
  const note =
    (name: string) =>
    (...values: unknown[]) =>
      void told.push([name, ...values]);
  let onStop: () => void = () => undefined;
  const device: Device = {
    longRun: {
      begin: ({ title }) => void told.push(['begin', title]),
      progress: note('progress'),
      askToShow: note('ask'),
      end: note('end'),
      onStop: listener => {
        onStop = listener;
        return () => undefined;
      },
    },
    exitNotice: { takeLast: () => Promise.resolve(undefined), running: note('running') },
  };
  return {
    device,
    told,
    stop: () =>
      act(() => {
        onStop();
      }),
  };
}

const start = en.task.start['summarize'] ?? '';

test('one answer is told from its start to its end, and nobody is asked for anything', async () => {
  const { device, told } = noting();
  const core = await openApp({ device });
  await loaded(core);
  expect(told).toEqual([]);
  await press(start);
  await write(core, 'Quedan.');
  expect(told).toEqual([['begin', en.longRun.answer], ['running', 'answer'], ['end'], ['running', undefined]]);
});

test('several answers are counted, and the first time their notification is asked for', async () => {
  const { device, told } = noting();
  const core = await openApp({ offered: largeBundle, device });
  await loaded(core);
  await pick(en.choice.allOf.language);
  await press(start);
  for (const text of ['un', 'deux', 'trois']) await write(core, text);
  expect(told.filter(each => !['begin', 'running'].includes((each as string[])[0] ?? ''))).toEqual([
    ['ask'],
    ['progress', 0, 3],
    ['progress', 1, 3],
    ['progress', 2, 3],
    ['end'],
  ]);
});

test('a benchmark is told too, and is stopped from outside the app', async () => {
  const { device, told, stop } = noting();
  const core = await openApp({ device });
  await loaded(core);
  await press(en.settings.title);
  await press(en.settings.benchmark);
  await press(en.benchmark.start);
  const [bench] = core.benches;
  await act(() => bench?.onProgress({ done: 1, total: 4 }));
  expect(told).toEqual([['begin', en.longRun.benchmark], ['running', 'benchmark'], ['ask'], ['progress', 1, 4]]);
  await stop();
  await expect(bench?.report.promise).resolves.toMatchObject({ cancelled: true });
});

test('an answer goes on when the screens go away, and is there when they come back', async () => {
  const { device, told } = noting();
  const { core, show, end } = outlivingApp({ device });
  await show();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.write('Quedan'));
  await screen.unmount();
  await settle();
  expect(core.closed).toBe(0);
  expect(told).toEqual([
    ['begin', en.longRun.answer],
    ['running', 'answer'],
  ]);
  await write(core, ' el viernes.');
  expect(told.slice(2)).toEqual([['end'], ['running', undefined]]);
  await show();
  expect(screen.getByText('Quedan el viernes.')).toBeOnTheScreen();
  expect(core.opening).toHaveLength(1);
  await end();
});

test('several answers go on out of sight on the same model, which is freed after the last', async () => {
  let show: (visible: boolean) => void = () => undefined;
  const onVisibility = (listener: (visible: boolean) => void) => ((show = listener), () => undefined);
  const core = await openApp({ offered: largeBundle, device: { onVisibility } });
  await loaded(core);
  await pick(en.choice.allOf.language);
  await press(start);
  await act(() => {
    show(false);
  });
  for (const text of ['un', 'deux', 'trois']) {
    expect(core.closed).toBe(0);
    await write(core, text);
  }
  expect(core.opening).toHaveLength(1);
  expect(core.closed).toBe(1);
});

test('the notification follows the language of the interface', async () => {
  const { device, told } = noting();
  const core = await openApp({ device });
  await loaded(core);
  await press(start);
  await press(en.settings.title);
  await press(new RegExp(`^${en.settings.language}`));
  await pick('Deutsch');
  expect(told.at(-1)).toEqual(['begin', de.longRun.answer]);
});

test.each([
  ['answer', 512, en.notice.lowMemory],
  // What is told is what was done: nothing of what is read changes what an import takes.
  ['import', undefined, en.notice.shortOfMemory],
])('a kill for memory while there was an %s is told, and leaves so much to read at once', async (running, maxPromptTokens, notice) => {
  const exitNotice: Device['exitNotice'] = { takeLast: () => Promise.resolve({ reason: 'low-memory', running }), running: () => undefined };
  const core = await openApp({ device: { exitNotice } });
  expect(screen.getByText(notice)).toBeOnTheScreen();
  await loaded(core);
  await press(start);
  expect(core.runs[0]?.request.maxPromptTokens).toBe(maxPromptTokens);
});
