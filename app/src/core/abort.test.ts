import { whenAborted } from './abort';

test.each([
  [['abort', 'listen'], 1],
  [['listen', 'abort', 'abort'], 1],
  [['listen', 'end', 'abort'], 0],
  [['abort', 'listen', 'end', 'abort'], 1],
  [['listen'], 0],
])('an abort is told once, be it before or after, until that is ended: %s', (steps, times) => {
  const stopping = new AbortController();
  const call = jest.fn();
  let end: (() => void) | undefined;
  for (const step of steps) {
    if (step === 'abort') stopping.abort();
    if (step === 'listen') end = whenAborted(stopping.signal, call);
    if (step === 'end') end?.();
  }
  expect(call).toHaveBeenCalledTimes(times);
});

test('without a signal there is nothing to tell', () => {
  const call = jest.fn();
  whenAborted(undefined, call)();
  expect(call).not.toHaveBeenCalled();
});
