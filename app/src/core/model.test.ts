import fc from 'fast-check';

import { Deferred, ScriptedCore } from '../../jest/scriptedCore';

import { CoreError, noBundle } from './errors';
import { Model } from './model';
import { freeOutOfSight } from './outOfSight';
import { until } from './store';

const refused = new CoreError({ source: 'bundle', kind: 'hash-mismatch', message: 'x' });

test('knows what the bundle offers while the model is being loaded', async () => {
  const core = new ScriptedCore();
  const model = new Model(core);
  const loading = model.load();
  expect(model.state.get()).toEqual({ kind: 'loading' });
  await Promise.resolve();
  expect(model.state.get()).toEqual({ kind: 'loading', bundle: core.offered });
  core.loaded();
  await loading;
  expect(model.state.get()).toEqual({ kind: 'ready', bundle: core.offered });
});

test('a failed load is told, and can be tried again', async () => {
  const core = new ScriptedCore();
  const model = new Model(core);
  const first = model.load();
  core.opening[0]?.reject(refused);
  await expect(first).rejects.toBe(refused);
  expect(model.state.get()).toEqual({ kind: 'failed', error: refused });
  const second = model.load();
  core.loaded();
  await second;
  expect(model.state.get().kind).toBe('ready');
});

test('a device without a bundle is no failure, and is asked again by the next load', async () => {
  const core = new ScriptedCore();
  const model = new Model(core);
  const first = model.load();
  core.opening[0]?.reject(noBundle());
  await expect(first).rejects.toMatchObject({ source: 'library' });
  expect(model.state.get()).toEqual({ kind: 'missing' });
  const second = model.load();
  core.loaded();
  await second;
  expect(model.state.get().kind).toBe('ready');
});

test('an error of no known kind does not show its text', async () => {
  const core = new ScriptedCore();
  const model = new Model(core);
  const load = model.load();
  core.opening[0]?.reject(new TypeError('private words'));
  await expect(load).rejects.toMatchObject({ source: 'internal' });
  await expect(load).rejects.not.toThrow(/private/);
});

test('whatever the order of loading, ending and closing, at most one session is open, and none after the last close', async () => {
  const step = fc.constantFrom('load', 'loaded', 'fail', 'close');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      const core = new ScriptedCore();
      const model = new Model(core);
      let opened = 0;
      const settled = new Set<unknown>();
      for (const next of [...steps, 'close', 'loaded']) {
        const latest = core.opening.at(-1);
        if (next === 'load') model.load().catch(() => undefined);
        if (next === 'close') model.close();
        if (next === 'loaded' && latest && !settled.has(latest)) {
          settled.add(latest);
          opened += 1;
          core.loaded();
        }
        if (next === 'fail' && latest && !settled.has(latest)) {
          settled.add(latest);
          latest.reject(refused);
        }
        await new Promise(resolve => setImmediate(resolve));
        const open = opened - core.closed;
        expect(open).toBe(model.state.get().kind === 'ready' ? 1 : 0);
      }
      expect(model.state.get()).toEqual({ kind: 'closed' });
    }),
    { numRuns: 60 },
  );
});

test('what a model held is free when its session tells, also one whose load was cut short', async () => {
  const later = () => new Promise(resolve => setImmediate(resolve));
  for (const cut of [false, true]) {
    const core = new ScriptedCore();
    const model = new Model(core);
    const freed = new Deferred<void>();
    core.freed = freed.promise;
    const loading = model.load().catch(() => undefined);
    if (!cut) {
      core.loaded();
      await loading;
    }
    model.close();
    let told = false;
    const telling = model.freed().then(() => (told = true));
    await later();
    expect(told).toBe(false);
    if (cut) core.loaded();
    await later();
    expect(told).toBe(false);
    freed.resolve();
    await telling;
  }
});

test('a load that was cut short and then fails holds nothing', async () => {
  const core = new ScriptedCore();
  const model = new Model(core);
  model.load().catch(() => undefined);
  model.close();
  core.opening[0]?.reject(refused);
  await model.freed();
});

describe('an idle model', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  async function ready() {
    const core = new ScriptedCore();
    const model = new Model(core);
    model.freeWhenIdle(1000);
    const loading = model.load();
    core.loaded();
    await loading;
    return { core, model };
  }

  test('is freed after the limit, and loaded again when it is used', async () => {
    const { core, model } = await ready();
    jest.advanceTimersByTime(999);
    expect(model.state.get().kind).toBe('ready');
    jest.advanceTimersByTime(1);
    expect(model.state.get().kind).toBe('closed');
    const use = model.use(session => Promise.resolve(session.bundle));
    core.loaded();
    await expect(use).resolves.toEqual(core.offered);
    expect(core.opening).toHaveLength(2);
  });

  test('that sleeps knows what it offers, through the next load too, until its bundle may be another one', async () => {
    const { core, model } = await ready();
    jest.advanceTimersByTime(1000);
    expect(model.state.get()).toEqual({ kind: 'closed', bundle: core.offered });
    model.load().catch(() => undefined);
    expect(model.state.get()).toEqual({ kind: 'loading', bundle: core.offered });
    model.close();
    expect(model.state.get()).toEqual({ kind: 'closed' });
  });

  test('is not put to sleep where nothing could wake it', async () => {
    const core = new ScriptedCore();
    const model = new Model(core);
    const load = model.load();
    core.opening[0]?.reject(noBundle());
    await load.catch(() => undefined);
    model.freeIfIdle();
    expect(model.state.get()).toEqual({ kind: 'missing' });
  });

  test('is kept while it is used, whatever asks for memory, and from then on counts anew', async () => {
    const { model } = await ready();
    let end: () => void = () => undefined;
    const use = model.use(() => new Promise<void>(resolve => (end = resolve)));
    await Promise.resolve();
    jest.advanceTimersByTime(5000);
    model.freeIfIdle();
    expect(model.state.get().kind).toBe('ready');
    end();
    await use;
    jest.advanceTimersByTime(999);
    expect(model.state.get().kind).toBe('ready');
    model.freeIfIdle();
    expect(model.state.get().kind).toBe('closed');
  });

  test('is freed out of sight as soon as it is idle, and loaded again for who comes back', async () => {
    const { core, model } = await ready();
    let show: (visible: boolean) => void = () => undefined;
    const idle = () => until(model.uses, uses => uses === 0);
    const onVisibility = (listener: (visible: boolean) => void) => ((show = listener), () => undefined);
    freeOutOfSight({ model, onVisibility, idle, frees: () => true, countAnew: () => undefined });
    const using = new Deferred<undefined>();
    const use = model.use(() => using.promise);
    show(false);
    await jest.advanceTimersByTimeAsync(0);
    expect(model.state.get().kind).toBe('ready');
    using.resolve(undefined);
    await use;
    await jest.advanceTimersByTimeAsync(0);
    expect(model.state.get().kind).toBe('closed');
    // Android may ask for memory, too.
    model.freeIfIdle();
    show(true);
    expect(model.state.get().kind).toBe('loading');
    expect(core.opening).toHaveLength(2);
  });

  test('counts anew for who comes back, and is kept out of sight where it is to be kept', async () => {
    const { model } = await ready();
    let show: (visible: boolean) => void = () => undefined;
    const onVisibility = (listener: (visible: boolean) => void) => ((show = listener), () => undefined);
    const countAnew = () => {
      model.freeWhenIdle(1000);
    };
    freeOutOfSight({ model, onVisibility, idle: () => Promise.resolve(), frees: () => false, countAnew });
    show(false);
    await jest.advanceTimersByTimeAsync(999);
    show(true);
    await jest.advanceTimersByTimeAsync(999);
    expect(model.state.get().kind).toBe('ready');
  });

  test('leaves no timer behind when it is closed or has no limit', async () => {
    const { model } = await ready();
    model.freeWhenIdle(undefined);
    expect(jest.getTimerCount()).toBe(0);
    model.freeWhenIdle(1000);
    const use = model.use(() => Promise.resolve());
    model.close();
    await use.catch(() => undefined);
    expect(jest.getTimerCount()).toBe(0);
  });
});
