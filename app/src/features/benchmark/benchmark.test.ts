import fc from 'fast-check';

import { benchReport, ScriptedCore } from '../../../jest/scriptedCore';
import type { BenchPlan } from '../../core/contract';
import type { Heat } from '../../core/device';
import { CoreError } from '../../core/errors';
import { Model } from '../../core/model';
import { itemStorage } from '../../core/storage/itemStorage';
import { Answers } from '../answer/answers';

import { Benchmark, csvOf } from './benchmark';

const plan: BenchPlan = { inputs: [{ kind: 'text', text: 'private words' }], mainTask: 'main', into: ['xx'], runs: 1 };
const settled = () => new Promise(resolve => setImmediate(resolve));
const fail = (thrown: unknown) => {
  throw thrown;
};

function setUp(items = new Map<string, string>(), heat?: () => Heat) {
  const core = new ScriptedCore();
  const model = new Model(core);
  const benchmark = new Benchmark(model, itemStorage(items), fail, heat);
  return { core, model, benchmark, items, state: () => benchmark.state.get() };
}

test('tells how far it is, and keeps what came out over the next start', async () => {
  const { core, benchmark, items, state } = setUp();
  const done = benchmark.start(plan);
  await benchmark.start(plan);
  core.loaded();
  await settled();
  expect(core.benches).toHaveLength(1);
  core.benches[0]?.onProgress({ done: 1, total: 4 });
  expect(state().running).toEqual({ done: 1, total: 4 });
  core.benches[0]?.report.resolve(benchReport(plan));
  await done;
  expect(state().running).toBeUndefined();
  const next = setUp(items);
  await next.benchmark.open();
  expect(next.state().kept).toEqual(state().kept);
  expect(next.state().kept).toHaveLength(1);
  expect(JSON.stringify([...items])).not.toContain('private');
});

test('one that is stopped before anything was measured leaves nothing, and no bar', async () => {
  const { core, benchmark, state } = setUp();
  const done = benchmark.start(plan);
  core.loaded();
  await settled();
  benchmark.stop();
  await done;
  expect(state()).toEqual({ kept: [] });
});

test('one is stopped without what else the model does, and the other way round', async () => {
  const { core, model, benchmark } = setUp();
  const answers = new Answers(model);
  const measured = benchmark.start(plan);
  const answered = answers.start([{ input: { kind: 'text', text: 'x' }, mainTask: 'main', into: [], mode: 'auto' }]);
  core.loaded();
  await settled();
  answers.stop();
  await answered;
  expect(benchmark.state.get().running).toBeDefined();
  const again = answers.start([{ input: { kind: 'text', text: 'y' }, mainTask: 'main', into: [], mode: 'auto' }]);
  await settled();
  benchmark.stop();
  await measured;
  expect(answers.busy).toBe(true);
  core.runs[1]?.finish();
  await again;
  expect(answers.state.get()).toMatchObject([{ state: { kind: 'finished', answer: { statistics: { finishReason: 'stop' } } } }]);
});

test('one that waits for the model is stopped at once, and is not measured when the model is there', async () => {
  const { core, benchmark, state } = setUp();
  const first = benchmark.start(plan);
  benchmark.stop();
  expect(state()).toEqual({ kept: [] });
  const second = benchmark.start(plan);
  core.loaded();
  await first;
  await settled();
  expect(core.benches).toHaveLength(1);
  benchmark.stop();
  await second;
  expect(state()).toEqual({ kept: [] });
});

test('a load that fails after the stop is no failure of the benchmark', async () => {
  const { core, benchmark, state } = setUp();
  const done = benchmark.start(plan);
  benchmark.stop();
  core.opening[0]?.reject(new CoreError({ source: 'memory', kind: 'wont-fit', message: 'x' }));
  await done;
  expect(state()).toEqual({ kept: [] });
});

test('a failure is told, and it can be started again', async () => {
  const { core, benchmark, state } = setUp();
  const error = new CoreError({ source: 'engine', kind: 'generation', message: 'x' });
  const done = benchmark.start(plan);
  core.loaded();
  await settled();
  core.benches[0]?.report.reject(error);
  await done;
  expect(state()).toEqual({ kept: [], error });
  void benchmark.start(plan);
  expect(state().error).toBeUndefined();
});

test('the heat before and after is kept with the report, and in the CSV', async () => {
  const heats: Heat[] = [{ status: 'none', headroom: 0.25 }, { status: 'moderate' }];
  const { core, benchmark, items, state } = setUp(new Map(), () => heats.shift() ?? {});
  const done = benchmark.start(plan);
  core.loaded();
  await settled();
  core.benches[0]?.report.resolve(benchReport(plan));
  await done;
  expect(state().kept[0]?.heat).toEqual({ before: { status: 'none', headroom: 0.25 }, after: { status: 'moderate' } });
  const next = setUp(items);
  await next.benchmark.open();
  const [columns, row] = csvOf(next.state().kept)
    .split('\r\n')
    .map(line => line.split(','));
  const cells = Object.fromEntries(columns?.map((column, index) => [column, row?.[index]]) ?? []);
  expect(cells).toMatchObject({ heat_before: 'none', heat_after: 'moderate', headroom_before: '0.25', headroom_after: '' });
  expect(cells).toMatchObject({ load_ms: '900', compose_ms: '40', switch_ms: '', peak_rss_bytes: String(2 ** 30) });
});

test('what stands there of another form is no report', async () => {
  for (const text of ['{', 'null', '{}', '[1, null, {"at": 1}, {"at": 1, "baseName": "x", "report": {"pairs": [], "tasks": []}, "heat": 7}]']) {
    const { benchmark, state } = setUp(new Map([['value/benchmarks', text]]));
    await benchmark.open();
    expect(state().kept).toEqual([]);
  }
});

test('the CSV has a row for each side of each pair, whatever a bundle is called', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 4 }), (baseName, count) => {
      const inputs = Array.from({ length: count }, () => ({ kind: 'text' as const, text: 'x' }));
      const csv = csvOf([{ at: 0, baseName, report: benchReport({ ...plan, inputs }) }]);
      const rows = csv.match(/(?:"(?:[^"]|"")*"|[^"\r\n])+\r\n/g) ?? [];
      expect(rows.join('')).toBe(csv);
      expect(rows).toHaveLength(1 + 2 * count);
      for (const row of rows.slice(1)) {
        const cells = cellsOf(row);
        expect(cells).toHaveLength(cellsOf(rows[0] ?? '').length);
        expect(cells[1]?.replace(/^'/, '')).toBe(baseName.replace(/^'/, ''));
        for (const cell of cells) expect(cell).not.toMatch(/^[=+@]/);
      }
    }),
  );
});

/** The cells of a row of CSV (RFC 4180) that ends in a line break. */
function cellsOf(row: string): string[] {
  const cells = row.slice(0, -2).split(',');
  // A comma inside quotes parts no cells: an odd number of quotes goes on in the next part.
  const whole: string[] = [];
  for (const part of cells) {
    const open = whole.at(-1);
    if (open !== undefined && (open.match(/"/g)?.length ?? 0) % 2 === 1) whole[whole.length - 1] = `${open},${part}`;
    else whole.push(part);
  }
  return whole.map(cell => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}
