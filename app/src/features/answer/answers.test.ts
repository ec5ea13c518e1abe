import fc from 'fast-check';

import { ScriptedCore, type ScriptedRun } from '../../../jest/scriptedCore';
import type { RunRequest } from '../../core/contract';
import { CoreError, noBundle } from '../../core/errors';
import { Model } from '../../core/model';

import { Answers, type FinishedItem } from './answers';

const request = (text = 'x'): RunRequest => ({ input: { kind: 'text', text }, mainTask: 'main', into: [], mode: 'auto' });
const settled = () => new Promise(resolve => setImmediate(resolve));

function setUp() {
  const core = new ScriptedCore();
  const model = new Model(core);
  const finished: FinishedItem[] = [];
  const conversation: { owner?: string | undefined } = {};
  const answers = new Answers(
    model,
    item => finished.push(item),
    () => conversation.owner,
  );
  const run = (index: number): ScriptedRun => {
    const found = core.runs[index];
    if (!found) throw new Error(`run ${String(index)} was not started`);
    return found;
  };
  const states = () => answers.state.get().map(({ state }) => state);
  const kinds = () => states().map(({ kind }) => kind);
  return { core, model, conversation, answers, finished, run, states, kinds };
}

async function running(requests = [request()]) {
  const all = setUp();
  const done = all.answers.start(requests);
  all.core.loaded();
  await settled();
  return { ...all, done };
}

test('a request made while the model is loading waits for it', async () => {
  const { core, answers, run, states, kinds } = setUp();
  const done = answers.start([request()]);
  expect(kinds()).toEqual(['waiting']);
  core.loaded();
  await settled();
  run(0).write('Hola');
  expect(states()).toMatchObject([{ kind: 'running', text: 'Hola' }]);
  run(0).finish();
  await done;
  expect(states()).toMatchObject([{ kind: 'finished', text: 'Hola', answer: { text: 'Hola' } }]);
});

test('several are made one after another, in their order, and each is told when it has ended', async () => {
  const { core, run, kinds, finished, done } = await running([request('a'), request('b')]);
  expect(kinds()).toEqual(['running', 'waiting']);
  run(0).finish();
  await settled();
  expect(kinds()).toEqual(['finished', 'running']);
  run(1).finish();
  await done;
  expect(core.runs.map(({ request: { input } }) => input)).toEqual([
    { kind: 'text', text: 'a' },
    { kind: 'text', text: 'b' },
  ]);
  expect(finished.map(({ request: { input } }) => input)).toEqual(core.runs.map(({ request: { input } }) => input));
});

test('a waiting request that is stopped never runs', async () => {
  const { core, answers, kinds } = setUp();
  const done = answers.start([request(), request()]);
  answers.stop();
  core.loaded();
  await done;
  expect(kinds()).toEqual([]);
  expect(core.runs).toHaveLength(0);
});

test('what a stopped run has written stays, and those after it are dropped', async () => {
  const { answers, run, states, done } = await running([request(), request()]);
  run(0).write('La mitad');
  answers.stop();
  expect(states()).toMatchObject([{ kind: 'running', stopping: true }]);
  await done;
  expect(states()).toMatchObject([{ kind: 'finished', text: 'La mitad', answer: { statistics: { finishReason: 'cancelled' } } }]);
});

test('each step starts with no text', async () => {
  const { run, states } = await running();
  run(0).begin(0, 2);
  run(0).write('They meet.');
  run(0).begin(1, 2);
  expect(states()).toMatchObject([{ step: 1, steps: 2, text: '' }]);
  run(0).write('Se ven.', 1);
  expect(states()).toMatchObject([{ text: 'Se ven.' }]);
});

test('an earlier request that ends late changes nothing', async () => {
  const { answers, run, states } = await running();
  const first = run(0);
  const second = request('second');
  void answers.start([second]);
  first.write('late');
  await settled();
  expect(answers.state.get()).toMatchObject([{ request: second }]);
  expect(states()).toMatchObject([{ kind: 'running', text: '' }]);
});

test('no answer comes back after a reset', async () => {
  const { answers, kinds, finished, done } = await running();
  answers.reset();
  await done;
  expect(kinds()).toEqual([]);
  expect(finished).toEqual([]);
});

test('one of several can be made again while the others stay', async () => {
  const { answers, run, kinds, done } = await running([request('a'), request('b')]);
  run(0).finish();
  await settled();
  run(1).finish();
  await done;
  const [first] = answers.state.get();
  const again = answers.again(first?.id ?? '', request('c'));
  await settled();
  expect(kinds()).toEqual(['running', 'finished']);
  expect(run(2).request).toEqual(request('c'));
  run(2).finish();
  await again;
  expect(kinds()).toEqual(['finished', 'finished']);
});

describe('a finished answer that is written again', () => {
  /** As the user changed it, and being replaced. */
  async function again() {
    const all = await running();
    const { answers, run, done } = all;
    run(0).write('Quedan.');
    run(0).finish();
    await done;
    const id = answers.state.get()[0]?.id ?? '';
    answers.edit(id, 'Quedan el viernes.');
    const former = answers.state.get();
    const rewritten = answers.again(id, request('other'));
    await settled();
    return { ...all, id, former, rewritten };
  }

  test('gives way to the new one', async () => {
    const { answers, run, rewritten, states } = await again();
    run(1).write('Se ven.');
    run(1).finish();
    await rewritten;
    expect(states()).toMatchObject([{ kind: 'finished', text: 'Se ven.' }]);
    expect(answers.state.get()[0]).not.toHaveProperty('former');
  });

  test('comes back, as the user left it, whatever the new one wrote before it was stopped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 3 }), async texts => {
        const { answers, run, former, rewritten, finished } = await again();
        for (const text of texts) run(1).write(text);
        answers.stop();
        await rewritten;
        expect(answers.state.get()).toEqual(former);
        expect(finished).toHaveLength(2);
      }),
      { numRuns: 20 },
    );
  });

  test('comes back when it is stopped while it waits for another', async () => {
    const { core, answers, run, done } = await running([request('a'), request('b')]);
    run(0).finish();
    await settled();
    run(1).finish();
    await done;
    const former = answers.state.get();
    for (const { id } of former) void answers.again(id, request('other'));
    await settled();
    answers.stop();
    await settled();
    expect(answers.state.get()).toEqual(former);
    expect(core.runs).toHaveLength(3);
  });

  test('comes back when the model that it waits for has gone', async () => {
    const { core, model, answers, run } = setUp();
    const first = answers.start([request()]);
    core.loaded();
    await settled();
    run(0).finish();
    await first;
    const former = answers.state.get();
    model.close();
    const rewritten = answers.again(former[0]?.id ?? '', request('other'));
    core.opening[1]?.reject(noBundle());
    await rewritten;
    expect(answers.state.get()).toEqual(former);
  });

  test('comes back with the reason when the new one fails', async () => {
    const { answers, run, id, former, rewritten } = await again();
    const problem = new CoreError({ source: 'input', kind: 'input-empty', message: 'x' });
    run(1).answer.reject(problem);
    await rewritten;
    expect(answers.state.get()).toEqual([{ ...former[0], problem }]);
    answers.edit(id, 'Quedan.');
    expect(answers.state.get()[0]).not.toHaveProperty('problem');
  });
});

test('an answer is of who the user was when it was asked for, whoever they say to be later', async () => {
  const anyone = fc.option(fc.constantFrom('Ana', 'Bea'), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.tuple(anyone, anyone, anyone), fc.boolean(), async ([first, second, third], stops) => {
      const { core, conversation, answers, finished, run } = setUp();
      conversation.owner = first;
      const done = answers.start([request()]);
      core.loaded();
      await settled();
      conversation.owner = second;
      run(0).finish();
      await done;
      const id = () => answers.state.get()[0]?.id ?? '';
      answers.edit(id(), 'changed');
      const rewritten = answers.again(id(), request());
      conversation.owner = third;
      await settled();
      if (stops) answers.stop();
      else run(1).finish();
      await rewritten;
      answers.edit(id(), 'changed again');
      const last = stops ? first : second;
      expect(finished.map(({ owner }) => owner)).toEqual(stops ? [first, first, first] : [first, first, second, second]);
      expect(answers.state.get()[0]?.owner).toBe(last);
    }),
    { numRuns: 20 },
  );
});

test('the user’s change is shown, told, and keeps the id', async () => {
  const { answers, run, states, finished, done } = await running();
  run(0).write('Quedan.');
  run(0).finish();
  await done;
  const id = answers.state.get()[0]?.id ?? '';
  answers.edit(id, 'Quedan el viernes.');
  expect(states()).toMatchObject([{ kind: 'finished', text: 'Quedan el viernes.', answer: { text: 'Quedan.' } }]);
  expect(finished.map(item => [item.id, item.state.text])).toEqual([
    [id, 'Quedan.'],
    [id, 'Quedan el viernes.'],
  ]);
});

test('a model that fails ends all, a text that is refused only its own answer', async () => {
  const refused = new CoreError({ source: 'base', kind: 'hash-mismatch', message: 'x' });
  const { core, answers, run, states, kinds } = setUp();
  const first = answers.start([request(), request()]);
  core.opening[0]?.reject(refused);
  await first;
  expect(states()).toEqual([{ kind: 'failed', error: refused }]);

  const second = answers.start([request(), request()]);
  core.loaded();
  await settled();
  run(0).answer.reject(new CoreError({ source: 'input', kind: 'input-empty', message: 'x' }));
  await settled();
  expect(kinds()).toEqual(['failed', 'running']);
  run(1).finish();
  await second;
});

test('that there is no model is no answer’s failure: the model’s state tells', async () => {
  const { core, answers, kinds } = setUp();
  const done = answers.start([request(), request()]);
  core.opening[0]?.reject(noBundle());
  await done;
  expect(kinds()).toEqual([]);
});

test('whatever the user does, one runs at a time, in the end nothing waits or runs, and what is shown was asked for last', async () => {
  const step = fc.constantFrom('start one', 'start two', 'stop', 'reset', 'again', 'finish', 'fail');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async steps => {
      const { core, answers, kinds } = setUp();
      let last: RunRequest[] = [];
      const start = (requests: RunRequest[]) => {
        last = requests;
        void answers.start(requests);
        core.loaded();
      };
      for (const next of steps) {
        const latest = core.runs.at(-1);
        if (next === 'start one') start([request('one')]);
        if (next === 'start two') start([request('a'), request('b')]);
        if (next === 'stop') answers.stop();
        if (next === 'reset') answers.reset();
        if (next === 'again') void answers.again(answers.state.get()[0]?.id ?? '', last[0] ?? request());
        if (next === 'finish') latest?.finish();
        if (next === 'fail') latest?.answer.reject(new CoreError({ source: 'input', kind: 'x', message: 'x' }));
        await settled();
        expect(kinds().filter(kind => kind === 'running').length).toBeLessThanOrEqual(1);
        for (const { request: shown } of answers.state.get()) expect(last).toContainEqual(shown);
      }
      answers.stop();
      await settled();
      expect(answers.busy).toBe(false);
    }),
    { numRuns: 60 },
  );
});
