import { act, screen } from '@testing-library/react-native';

import { loaded, openApp, press, samples, settle } from '../../../jest/renderApp';
import { benchReport, bundle } from '../../../jest/scriptedCore';
import { CoreError } from '../../core/errors';
import { en } from '../../i18n/en';

async function openBenchmark(parts: Parameters<typeof openApp>[0] = {}) {
  const core = await openApp(parts);
  await loaded(core);
  await press(en.settings.title);
  await press(en.settings.benchmark);
  return core;
}

test('measures the samples for what is chosen, and shows the pairs and the ratio', async () => {
  const saved: string[] = [];
  const core = await openBenchmark({ device: { saveFile: name => Promise.resolve(saved.push(name) > 0) } });
  await press(en.benchmark.start);
  const [bench] = core.benches;
  expect(bench?.plan).toMatchObject({ mainTask: 'summarize', into: ['es'] });
  expect(bench?.plan.inputs).toHaveLength(samples.length);
  await act(() => bench?.onProgress({ done: 1, total: 4 }));
  expect(screen.getByText(en.benchmark.progress('1', '4'))).toBeOnTheScreen();
  if (bench) bench.report.resolve(benchReport(bench.plan));
  await settle();
  expect(screen.getByText(`${en.benchmark.ratio('1.50')} · ${en.benchmark.faster('2', '2')}`)).toBeOnTheScreen();
  expect(screen.getAllByText(`${en.benchmark.onePass}: 2.0 s`)).toHaveLength(2);
  expect(screen.getAllByText(`${en.benchmark.twoStep}: 3.0 s`)).toHaveLength(2);
  await press(en.benchmark.exportCsv);
  expect(saved).toEqual(['tandem-benchmark.csv']);
});

test('results that cannot be saved are told, with the remedy', async () => {
  const fails = () => Promise.reject(new CoreError({ source: 'document', kind: 'unwritable', message: 'x' }));
  const core = await openBenchmark({ device: { saveFile: fails } });
  await press(en.benchmark.start);
  const [bench] = core.benches;
  if (bench) bench.report.resolve(benchReport(bench.plan));
  await settle();
  await press(en.benchmark.exportCsv);
  expect(screen.getByText(en.error.document.unwritable)).toBeOnTheScreen();
});

test('can be stopped, and its results deleted', async () => {
  const core = await openBenchmark();
  await press(en.benchmark.start);
  await press(en.benchmark.stop);
  expect(screen.queryByText(en.benchmark.preparing)).toBeNull();
  await press(en.benchmark.start);
  const bench = core.benches.at(-1);
  if (bench) bench.report.resolve(benchReport(bench.plan));
  await settle();
  await press(en.benchmark.clear);
  expect(screen.queryByText(en.benchmark.load)).toBeNull();
});

test('several results are drawn beside each other, each speed to its own highest', async () => {
  const core = await openBenchmark();
  for (const decodeTokensPerSecond of [20, 40]) {
    await press(en.benchmark.start);
    const bench = core.benches.at(-1);
    if (bench) bench.report.resolve(benchReport(bench.plan, { decodeTokensPerSecond }));
    await settle();
    expect(screen.queryByText(en.benchmark.comparison) !== null).toBe(decodeTokensPerSecond === 40);
  }
  const bars = screen.getAllByTestId('bar').slice(0, 4);
  expect(bars).toHaveLength(4);
  ['100.0%', '100.0%', '100.0%', '50.0%'].forEach((width, index) => {
    expect(bars[index]).toHaveStyle({ width });
  });
});

test('a bundle without a second task has nothing to compare, and says so', async () => {
  await openBenchmark({ offered: { ...bundle, compositions: bundle.compositions.slice(0, 1) } });
  expect(screen.getByText(en.benchmark.nothing)).toBeOnTheScreen();
});
