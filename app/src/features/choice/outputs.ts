import type { BundleInfo, Composition, RunRequest, Task } from '../../core/contract';

/** Something that the bundle can make of a conversation: its main task alone or with other tasks. */
export type Output = {
  /** The composition's name, as `main+other`. */
  id: string;
  mainTask: string;
  /** The other tasks, in order. */
  extras: Task[];
  composition: Composition;
};

/** One of the answers to a question such as "in which language?": no task, one, or several that the bundle combines. */
export type Option = { key: string; tasks: Task[] };

/** What an output's tasks say about its language, or about its tone. */
export type Aspect = 'language' | 'tone';

const kinds: Record<Aspect, Task['kind']> = { language: 'translation', tone: 'tone' };

/** The outputs in the bundle's order. A composition with an unlisted task, or with a second main one, is left out: it could not be chosen. */
export function outputsOf(bundle: BundleInfo): Output[] {
  const tasks = new Map(bundle.tasks.map(task => [task.id, task]));
  return bundle.compositions.flatMap(composition => {
    const [mainTask = '', ...others] = composition.tasks;
    const extras = others.flatMap(id => tasks.get(id) ?? []);
    const isKnown = tasks.get(mainTask)?.kind === 'main' && extras.length === others.length && extras.every(({ kind }) => kind !== 'main');
    return isKnown ? [{ id: composition.tasks.join('+'), mainTask, extras, composition }] : [];
  });
}

/** What a request is for; undefined where the bundle does not offer it. */
export function compositionOf(bundle: BundleInfo | undefined, { mainTask, into }: Pick<RunRequest, 'mainTask' | 'into'>): Composition | undefined {
  const name = [mainTask, ...into].join('+');
  return bundle?.compositions.find(({ tasks }) => tasks.join('+') === name);
}

export function mainTasks(outputs: Output[]): string[] {
  return [...new Set(outputs.map(({ mainTask }) => mainTask))];
}

/** What the output is in one aspect. */
export function optionOf(output: Output, aspect: Aspect): Option {
  const tasks = output.extras.filter(({ kind }) => kind === kinds[aspect]);
  return { key: tasks.map(({ id }) => id).join('+'), tasks };
}

/** The options of one aspect that a main task has, the one without a task first. */
export function optionsOf(outputs: Output[], mainTask: string, aspect: Aspect): Option[] {
  const options = new Map<string, Option>();
  for (const output of outputs) {
    if (output.mainTask !== mainTask) continue;
    const option = optionOf(output, aspect);
    if (!options.has(option.key)) options.set(option.key, option);
  }
  return [...options.values()].sort((a, b) => Math.min(a.tasks.length, 1) - Math.min(b.tasks.length, 1));
}
