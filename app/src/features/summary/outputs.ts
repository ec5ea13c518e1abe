import type { BundleInfo, Composition, Task } from '../../core/contract';

/** The task that this screen is about; what it can be combined with is the bundle's choice. */
const MAIN_TASK = 'summarize';

/** Something that the bundle can make of a conversation: a summary, in its own language or with other tasks. */
export type Output = {
  /** The composition's name, `summarize+…`. */
  id: string;
  mainTask: string;
  /** The other tasks, in order; empty for a summary in the original language. */
  extras: Task[];
  composition: Composition;
};

/** The outputs in the bundle's order. A composition with an unlisted task is left out: it could not be named. */
export function outputsOf(bundle: BundleInfo): Output[] {
  const tasks = new Map(bundle.tasks.map(task => [task.id, task]));
  return bundle.compositions.flatMap(composition => {
    const [mainTask, ...others] = composition.tasks;
    if (mainTask !== MAIN_TASK) return [];
    const extras = others.flatMap(id => tasks.get(id) ?? []);
    return extras.length === others.length ? [{ id: composition.tasks.join('+'), mainTask, extras, composition }] : [];
  });
}

/** What is chosen at first: the first that a summary alone is not. */
export function defaultOutput(outputs: Output[]): Output | undefined {
  return outputs.find(output => output.extras.length > 0) ?? outputs[0];
}
