import fc from 'fast-check';

import type { Item } from '../answer/answers';

import { isLong, workOf } from './work';

const request = { input: { kind: 'text' as const, text: 'x' }, mainTask: 'main', into: [], mode: 'auto' as const };
const waiting: Item = { id: 'a', request, state: { kind: 'waiting' } };
const running: Item = { id: 'b', request, state: { kind: 'running', step: 0, steps: 1, text: '', stopping: false } };
const failed: Item = { ...waiting, id: 'c', state: { kind: 'failed', error: new Error() as never } };
const idle = { kept: [] };

test('nothing is at work while the user reads or picks', () => {
  expect(workOf([], idle, {})).toBeUndefined();
  expect(workOf([failed], idle, { importing: 'choosing' })).toBeUndefined();
});

test('one answer is soon there; several are counted', () => {
  const one = workOf([running], idle, {});
  expect(one && [one, isLong(one)]).toEqual([{ what: 'answer', done: 0, total: 0 }, false]);
  const several = workOf([failed, running, waiting], idle, {});
  expect(several && [several, isLong(several)]).toEqual([{ what: 'answer', done: 1, total: 3 }, true]);
});

test('a benchmark and an import are long, and stand before answers that wait for them', () => {
  const measuring = workOf([waiting], { ...idle, running: { done: 2, total: 8 } }, {});
  expect(measuring && [measuring, isLong(measuring)]).toEqual([{ what: 'benchmark', done: 2, total: 8 }, true]);
  const importing = workOf([waiting], idle, { importing: { phase: 'copying', doneBytes: 0, totalBytes: 0 } });
  expect(importing && [importing, isLong(importing)]).toEqual([{ what: 'import', done: 0, total: 0 }, true]);
});

test('an import of any size is told as a share that the system can show', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 43 }), fc.nat({ max: 2 ** 43 }), (a, b) => {
      const [doneBytes, totalBytes] = [Math.min(a, b), Math.max(a, b, 1)];
      const work = workOf([], idle, { importing: { phase: 'verifying', doneBytes, totalBytes } });
      expect(work?.total).toBe(100);
      expect(work?.done).toBeLessThanOrEqual(100);
      expect(work?.done === 100).toBe(doneBytes === totalBytes);
    }),
  );
});
