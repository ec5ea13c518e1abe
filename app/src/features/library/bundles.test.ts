import fc from 'fast-check';

import { bundle, Deferred } from '../../../jest/scriptedCore';
import { CoreError } from '../../core/errors';
import type { ImportProgress, InstalledBundle, Library } from '../../core/library';
import type { ModelState } from '../../core/model';
import { Store, until } from '../../core/store';

import { Bundles } from './bundles';

const installed = (id: string, changes: Partial<InstalledBundle> = {}): InstalledBundle => ({
  id,
  inUse: false,
  state: { kind: 'ready', bundle, fit: 'fits' },
  ...changes,
});

const settled = () => new Promise(resolve => setImmediate(resolve));

/** A library that the test drives. */
function setUp(...there: InstalledBundle[]) {
  const imports: { result: Deferred<InstalledBundle | undefined>; onProgress: (progress: ImportProgress) => void; signal: AbortSignal }[] = [];
  const library: Library = {
    list: () => Promise.resolve([...there]),
    importPicked: (_, onProgress, signal) => {
      const result = new Deferred<InstalledBundle | undefined>();
      imports.push({ result, onProgress, signal });
      signal.addEventListener('abort', () => {
        result.resolve(undefined);
      });
      return result.promise.then(imported => (imported && there.push(imported), imported));
    },
    use: id => {
      there = there.map(each => ({ ...each, inUse: each.id === id }));
      return Promise.resolve();
    },
    remove: id => {
      there = there.filter(each => each.id !== id);
      return Promise.resolve();
    },
  };
  const close = () => {
    model.closed += 1;
  };
  const model = {
    closed: 0,
    loaded: 0,
    state: new Store<ModelState>({ kind: 'closed' }),
    close,
    freed: () => Promise.resolve(),
    load: () => (model.loaded++, new Promise<never>(() => undefined)),
  };
  const uses = new Store(0);
  const stop = jest.fn();
  const bundles = new Bundles(library, model, { stop, idle: () => until(uses, count => count === 0) });
  return { library, imports, model, uses, stop, bundles, state: () => bundles.state.get() };
}

test('an import tells how far it is, and what it brought is used', async () => {
  const { bundles, imports, model, state } = setUp();
  const done = bundles.importPicked('bundle');
  expect(state().importing).toBe('choosing');
  for (const phase of ['copying', 'verifying'] as const) {
    imports[0]?.onProgress({ phase, doneBytes: 1, totalBytes: 2 });
    expect(state().importing).toEqual({ phase, doneBytes: 1, totalBytes: 2 });
  }
  imports[0]?.result.resolve(installed('a'));
  await done;
  expect(state()).toMatchObject({ bundles: [{ id: 'a', inUse: true }] });
  expect(state().importing).toBeUndefined();
  expect(model).toMatchObject({ closed: 1, loaded: 1 });
});

test('what an import brought is used when nothing is asked of the model any more, unless it was cancelled until then', async () => {
  for (const cancelled of [false, true]) {
    const { bundles, imports, model, uses, state } = setUp(installed('old', { inUse: true }));
    uses.set(1);
    const done = bundles.importPicked('bundle');
    imports[0]?.result.resolve(installed('new'));
    await settled();
    expect(model).toMatchObject({ closed: 0, loaded: 0 });
    if (cancelled) bundles.cancel();
    else uses.set(0);
    await done;
    expect(state().bundles?.find(({ inUse }) => inUse)?.id).toBe(cancelled ? 'old' : 'new');
    expect(model).toMatchObject(cancelled ? { closed: 0, loaded: 0 } : { closed: 1, loaded: 1 });
  }
});

test.each([
  ['that is broken', installed('a', { state: { kind: 'broken', error: { source: 'bundle', kind: 'x', message: 'x' } } })],
  ['that does not fit', installed('a', { state: { kind: 'ready', bundle, fit: 'wont-fit' } })],
])('a bundle %s is kept but not used', async (_, imported) => {
  const { bundles, imports, model, state } = setUp(installed('old', { inUse: true }));
  const done = bundles.importPicked('bundle');
  imports[0]?.result.resolve(imported);
  await done;
  expect(state().bundles?.map(({ id, inUse }) => [id, inUse])).toEqual([
    ['old', true],
    ['a', false],
  ]);
  expect(model).toMatchObject({ closed: 0, loaded: 0 });
});

test('what fits is judged with the memory of the model that it takes the place of', async () => {
  const { library, bundles, imports, model, state } = setUp(installed('old', { inUse: true }));
  const { list } = library;
  // As little is free beside the loaded model that another does not fit.
  library.list = async loaded => {
    const fit = loaded === true ? 'fits' : 'wont-fit';
    return (await list()).map(each => (each.state.kind === 'ready' ? { ...each, state: { ...each.state, fit } } : each));
  };
  const end = bundles.follow();
  await settled();
  expect(state().bundles?.[0]?.state).toMatchObject({ fit: 'wont-fit' });
  model.state.set({ kind: 'loading' });
  model.state.set({ kind: 'ready', bundle });
  await settled();
  expect(state().bundles?.[0]?.state).toMatchObject({ fit: 'fits' });
  const done = bundles.importPicked('bundle');
  imports[0]?.result.resolve(installed('new', { state: { kind: 'ready', bundle, fit: 'wont-fit' } }));
  await done;
  expect(state().bundles?.map(({ id, inUse }) => [id, inUse])).toEqual([
    ['old', false],
    ['new', true],
  ]);
  model.state.set({ kind: 'failed', error: new CoreError({ source: 'memory', kind: 'wont-fit', message: 'x' }) });
  await settled();
  expect(state().bundles?.[0]?.state).toMatchObject({ fit: 'wont-fit' });
  end();
  model.state.set({ kind: 'ready', bundle });
  await settled();
  expect(state().bundles?.[0]?.state).toMatchObject({ fit: 'wont-fit' });
});

test('what an import brought is judged when the model that is on its way into memory is there, unless it is cancelled until then', async () => {
  for (const cancelled of [false, true]) {
    const { library, bundles, imports, model, state } = setUp(installed('old', { inUse: true }));
    const { list } = library;
    library.list = async loaded => {
      const fit = loaded === true ? 'fits' : 'wont-fit';
      return (await list()).map(each => ({ ...each, state: { kind: 'ready', bundle, fit } }));
    };
    model.state.set({ kind: 'loading' });
    const done = bundles.importPicked('bundle');
    imports[0]?.result.resolve(installed('new'));
    await settled();
    if (cancelled) bundles.cancel();
    else model.state.set({ kind: 'ready', bundle });
    await done;
    expect(state().bundles?.find(({ inUse }) => inUse)?.id).toBe(cancelled ? 'old' : 'new');
  }
});

test('what is free is measured when the model of before is gone, and none that is being loaded is counted', async () => {
  const { library, bundles, model } = setUp(installed('old', { inUse: true }), installed('b'));
  const listed: unknown[] = [];
  const { list } = library;
  library.list = loaded => (listed.push(loaded), list(loaded));
  const freed = new Deferred<void>();
  model.state.set({ kind: 'ready', bundle });
  model.close = () => {
    model.state.set({ kind: 'closed' });
    model.freed = () => freed.promise;
  };
  model.load = () => (model.state.set({ kind: 'loading' }), new Promise<never>(() => undefined));
  const done = bundles.use('b');
  await settled();
  expect(listed).toEqual([]);
  freed.resolve();
  await done;
  expect(listed).toEqual([false]);
  model.state.set({ kind: 'ready', bundle });
  await bundles.open();
  expect(listed).toEqual([false, true]);
});

test('what an import puts in use is listed when the import is over', async () => {
  const { library, bundles, imports, model, state } = setUp(installed('old', { inUse: true }));
  model.state.set({ kind: 'ready', bundle });
  model.close = () => {
    model.state.set({ kind: 'closed' });
  };
  const { list, use: putInUse } = library;
  library.list = async loaded => {
    await settled();
    return list(loaded);
  };
  library.use = async id => {
    await putInUse(id);
    await settled();
    await settled();
  };
  const end = bundles.follow();
  const seen: unknown[] = [];
  bundles.state.subscribe(() => {
    const { bundles: listed, importing } = state();
    if (importing !== undefined && listed?.some(({ id, inUse }) => id === 'new' && inUse)) seen.push(importing);
  });
  const done = bundles.importPicked('bundle');
  imports[0]?.result.resolve(installed('new', { state: { kind: 'ready', bundle, fit: 'fits' } }));
  await done;
  expect(state().bundles?.find(({ id }) => id === 'new')?.inUse).toBe(true);
  expect(seen).toEqual([]);
  end();
});

test('a base model that was waited for loads the model', async () => {
  const { bundles, imports, model } = setUp(installed('a', { inUse: true, state: { kind: 'needs-base', bundle } }));
  for (const sent of [false, true]) {
    const done = bundles.importPicked('base');
    if (sent) imports.at(-1)?.onProgress({ phase: 'copying', doneBytes: 1, totalBytes: 2 });
    imports.at(-1)?.result.resolve(undefined);
    await done;
    // A user who went back has changed nothing.
    expect(model).toMatchObject(sent ? { closed: 1, loaded: 1 } : { closed: 0, loaded: 0 });
  }
});

test('an import goes on, is shown and can be cancelled while the list is read anew', async () => {
  const { bundles, imports, state } = setUp(installed('old'));
  const done = bundles.importPicked('bundle');
  imports[0]?.onProgress({ phase: 'copying', doneBytes: 1, totalBytes: 2 });
  await bundles.refresh();
  await bundles.remove('old');
  expect(state()).toEqual({ bundles: [], importing: { phase: 'copying', doneBytes: 1, totalBytes: 2 } });
  bundles.cancel();
  expect(imports[0]?.signal.aborted).toBe(true);
  await done;
  expect(state()).toEqual({ bundles: [] });
});

test('a picker that never answers is given up', async () => {
  const { library, bundles, state } = setUp();
  library.importPicked = () => new Promise<undefined>(() => undefined);
  const done = bundles.importPicked('bundle');
  bundles.cancel();
  await done;
  expect(state()).toEqual({ bundles: [] });
});

test('an import that was cut short is offered, goes on, and is offered no more', async () => {
  const { library, bundles, state } = setUp();
  const held = [{ id: 'content:1', name: 'demo.tandem' }];
  const resumed = new Deferred<InstalledBundle | undefined>();
  library.unfinished = {
    list: () => Promise.resolve([...held]),
    resume: () => resumed.promise.finally(() => held.pop()),
    forget: () => Promise.resolve(void held.pop()),
  };
  await bundles.refresh();
  expect(state().unfinished).toEqual(held[0]);
  const done = bundles.resume('content:1');
  expect(state().importing).toEqual({ phase: 'copying', doneBytes: 0, totalBytes: 0 });
  resumed.resolve(installed('a'));
  await done;
  expect(state()).toEqual({ bundles: [] });
  held.push({ id: 'content:2', name: 'other.tandem' });
  await bundles.refresh();
  await bundles.forget('content:2');
  expect(state().unfinished).toBeUndefined();
});

test('one import at a time; a cancelled one changes nothing, and is no error', async () => {
  const { bundles, imports, state, model } = setUp(installed('old', { inUse: true }));
  const done = bundles.importPicked('bundle');
  await bundles.importPicked('bundle');
  expect(imports).toHaveLength(1);
  bundles.cancel();
  await done;
  expect(state()).toEqual({ bundles: [installed('old', { inUse: true })] });
  expect(model.closed).toBe(0);
});

test('what failed while nobody looked is told when the list is read, until the next action', async () => {
  const { library, bundles, imports, state } = setUp(installed('a'));
  const refused = new CoreError({ source: 'bundle', kind: 'hash-mismatch', message: 'x' });
  const done = bundles.importPicked('bundle');
  // A read that began before the failure ends after it.
  const read = new Deferred<InstalledBundle[]>();
  const { list } = library;
  library.list = () => read.promise;
  const opening = bundles.open();
  library.list = list;
  imports[0]?.result.reject(refused);
  await done;
  read.resolve([installed('a')]);
  await opening;
  await bundles.open();
  expect(state()).toEqual({ bundles: [installed('a')], error: refused });
  const using = bundles.use('a');
  expect(state().error).toBeUndefined();
  await using;
  expect(state().error).toBeUndefined();
});

test('the model is let go before its bundle is removed, and left alone otherwise', async () => {
  const { bundles, model, state } = setUp(installed('a', { inUse: true }), installed('b'));
  await bundles.refresh();
  await bundles.remove('b');
  expect(model.closed).toBe(0);
  await bundles.remove('a');
  expect(model.closed).toBe(1);
  expect(state().bundles).toEqual([]);
});

test('who uses another bundle, or removes the one in use, ends what is being written before the model goes', async () => {
  for (const act of [(bundles: Bundles) => bundles.use('b'), (bundles: Bundles) => bundles.remove('a')]) {
    const { bundles, model, uses, stop } = setUp(installed('a', { inUse: true }), installed('b'));
    await bundles.open();
    model.state.set({ kind: 'ready', bundle });
    uses.set(1);
    const done = act(bundles);
    await settled();
    expect(stop).toHaveBeenCalledTimes(1);
    expect(model).toMatchObject({ closed: 0, loaded: 0 });
    uses.set(0);
    await done;
    expect(model).toMatchObject({ closed: 1, loaded: 1 });
  }
});

test('whatever fails, in whatever order, is told, and nothing goes on turning', async () => {
  const call = fc.constantFrom('refresh', 'import', 'use', 'remove');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(call, fc.boolean()), { minLength: 1, maxLength: 6 }), async calls => {
      const { library, bundles, imports, state } = setUp(installed('a'));
      const refused = new CoreError({ source: 'bundle', kind: 'hash-mismatch', message: 'x' });
      const works = { ...library };
      for (const [name, fails] of calls) {
        const fail = () => Promise.reject(refused);
        Object.assign(library, works, fails ? { list: fail, use: fail, remove: fail } : {});
        if (name === 'refresh') await bundles.refresh();
        if (name === 'use') await bundles.use('a');
        if (name === 'remove') await bundles.remove('a');
        if (name === 'import') {
          const done = bundles.importPicked('bundle');
          if (fails) imports.at(-1)?.result.reject(refused);
          else bundles.cancel();
          await done;
        }
        await settled();
        expect(state().importing).toBeUndefined();
        expect(state().bundles).toBeDefined();
        expect(state().error).toBe(fails ? refused : undefined);
      }
    }),
    { numRuns: 40 },
  );
});
