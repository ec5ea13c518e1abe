import { ScriptedCore, type ScriptedRun } from '../../../jest/scriptedCore';
import type { RunRequest } from '../../core/contract';
import { CoreError } from '../../core/errors';
import { Model } from '../../core/model';

import { Summary } from './summary';

const request = (): RunRequest => ({ input: { kind: 'text', text: 'x' }, mainTask: 'summarize', into: [], mode: 'auto' });
const settled = () => new Promise(resolve => setImmediate(resolve));

function setUp() {
  const core = new ScriptedCore();
  const model = new Model(core);
  const summary = new Summary(model);
  const run = (index: number): ScriptedRun => {
    const found = core.runs[index];
    if (!found) throw new Error(`run ${String(index)} was not started`);
    return found;
  };
  return { core, model, summary, run, state: summary.state };
}

test('a request made while the model is loading waits for it', async () => {
  const { core, summary, state, run } = setUp();
  const done = summary.start(request());
  expect(state.get().kind).toBe('queued');
  core.loaded();
  await settled();
  run(0).write('Hola');
  expect(state.get()).toMatchObject({ kind: 'running', text: 'Hola' });
  run(0).finish();
  await done;
  expect(state.get()).toMatchObject({ kind: 'finished', answer: { text: 'Hola' } });
});

test('a waiting request that is stopped never runs', async () => {
  const { core, summary, state } = setUp();
  const done = summary.start(request());
  summary.stop();
  core.loaded();
  await done;
  expect(state.get()).toEqual({ kind: 'idle' });
  expect(core.runs).toHaveLength(0);
});

test('what a stopped run has written stays', async () => {
  const { core, summary, state, run } = setUp();
  const done = summary.start(request());
  core.loaded();
  await settled();
  run(0).write('La mitad');
  summary.stop();
  expect(state.get()).toMatchObject({ kind: 'running', stopping: true });
  await done;
  expect(state.get()).toMatchObject({ kind: 'finished', answer: { text: 'La mitad', statistics: { finishReason: 'cancelled' } } });
});

test('each step starts with no text', async () => {
  const { core, summary, state, run } = setUp();
  void summary.start(request());
  core.loaded();
  await settled();
  run(0).begin(0, 2);
  run(0).write('They meet.');
  run(0).begin(1, 2);
  expect(state.get()).toMatchObject({ step: 1, steps: 2, text: '' });
  run(0).write('Se ven.', 1);
  expect(state.get()).toMatchObject({ text: 'Se ven.' });
});

test('an earlier request that ends late changes nothing', async () => {
  const { core, summary, state, run } = setUp();
  void summary.start(request());
  core.loaded();
  await settled();
  const first = run(0);
  const second = request();
  void summary.start(second);
  await settled();
  first.write('late');
  expect(state.get()).toMatchObject({ kind: 'running', request: second, text: '' });
});

test('no answer comes back after a reset', async () => {
  const { core, summary, state } = setUp();
  const done = summary.start(request());
  core.loaded();
  await settled();
  summary.reset();
  await done;
  expect(state.get()).toEqual({ kind: 'idle' });
});

test('a failure to load and a failure to run are both told', async () => {
  const { core, summary, state, run } = setUp();
  const refused = new CoreError({ source: 'base', kind: 'hash-mismatch', message: 'x' });
  const first = summary.start(request());
  core.opening[0]?.reject(refused);
  await first;
  expect(state.get()).toMatchObject({ kind: 'failed', error: refused });

  const second = summary.start(request());
  core.loaded();
  await settled();
  run(0).answer.reject(new CoreError({ source: 'input', kind: 'input-empty', message: 'x' }));
  await second;
  expect(state.get()).toMatchObject({ kind: 'failed', error: { source: 'input' } });
});
