import type { BenchmarkState } from '../benchmark/benchmark';
import { isPending, type Item } from '../answer/answers';
import type { BundlesState } from '../library/bundles';

/** Something that takes long; the id is also what the system is told of it. A total of 0 is one that is not known. */
export type Work = { what: 'answer' | 'benchmark' | 'import'; done: number; total: number };

/** What the app is at, if it is at something. What waits for the model is not what runs on it. */
export function workOf(items: readonly Item[], { running }: BenchmarkState, { importing }: BundlesState): Work | undefined {
  // While the user picks a file the app does nothing. Bytes are too many for a bar of the system's.
  if (importing !== undefined && importing !== 'choosing') {
    const { doneBytes, totalBytes } = importing;
    return { what: 'import', done: totalBytes > 0 ? Math.floor((100 * doneBytes) / totalBytes) : 0, total: totalBytes > 0 ? 100 : 0 };
  }
  if (running) return { what: 'benchmark', ...running };
  if (!items.some(isPending)) return undefined;
  return items.length > 1
    ? { what: 'answer', done: items.filter(item => !isPending(item)).length, total: items.length }
    : { what: 'answer', done: 0, total: 0 };
}

/** Whether the user will want to look at something else in the meantime: one answer is there in seconds. */
export function isLong({ what, total }: Work): boolean {
  return what !== 'answer' || total > 1;
}
