import type { BundleInfo, Mode, RunRequest, Task } from '../../core/contract';
import type { Messages } from '../../i18n';

type LanguageName = (tag: string) => string;

/** What the user reads for a task: languages and tones in the language of the interface, what has no name there by its id. */
export function taskName({ id, languageTag }: Task, messages: Messages, languageName: LanguageName): string {
  return languageTag === undefined ? (named(messages.task.tone, id) ?? id) : languageName(languageTag);
}

export function mainTaskName(id: string, messages: Messages): string {
  return named(messages.task.name, id) ?? id;
}

/** The label of the button that makes it. */
export function startName(id: string, messages: Messages): string {
  return named(messages.task.start, id) ?? `${messages.answer.start}: ${id}`;
}

/** All tasks of an answer, as "Summary · Spanish · Witty". Tasks that the bundle no longer has are called by their id. */
export function tasksName([mainTask = '', ...others]: readonly string[], tasks: readonly Task[], messages: Messages, languageName: LanguageName): string {
  const extras = others.map(id => nameOfId(id, tasks, messages, languageName));
  return [mainTaskName(mainTask, messages), ...extras].join(' · ');
}

/** What a bundle can make, a line for each main task, as "Summary: Spanish, Witty + French". */
export function offersOf({ tasks, compositions }: BundleInfo, messages: Messages, languageName: LanguageName): string[] {
  const offers = new Map<string, string[]>();
  for (const composition of compositions) {
    const [mainTask = '', ...others] = composition.tasks;
    const names = offers.get(mainTask) ?? [];
    if (others.length > 0) names.push(others.map(id => nameOfId(id, tasks, messages, languageName)).join(' + '));
    offers.set(mainTask, names);
  }
  return [...offers].map(([id, names]) => {
    const name = mainTaskName(id, messages);
    return names.length > 0 ? messages.about.offersOf(name, names.join(', ')) : name;
  });
}

/** What the user reads for a method of doing these tasks. */
export function modeTexts(mode: Mode, tasks: readonly string[], { mode: { name, explained, alone } }: Messages): { name: string; explained: string } {
  return mode === 'merge' && tasks.length === 1 ? alone : { name: name[mode], explained: explained[mode] };
}

export function requestTasks({ mainTask, into }: RunRequest): string[] {
  return [mainTask, ...into];
}

/** Tasks that are not listed are called by their id. */
function nameOfId(id: string, tasks: readonly Task[], messages: Messages, languageName: LanguageName): string {
  return taskName(tasks.find(task => task.id === id) ?? { id, kind: 'tone' }, messages, languageName);
}

/** Ids come from a bundle: one such as "toString" is no name. */
function named(names: Record<string, string>, id: string): string | undefined {
  return Object.hasOwn(names, id) ? names[id] : undefined;
}
