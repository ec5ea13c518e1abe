import fc from 'fast-check';

import { ScriptedCore } from '../../jest/scriptedCore';

import { CoreError } from './errors';
import { Model } from './model';

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
