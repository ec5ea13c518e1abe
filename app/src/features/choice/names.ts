import type { RunRequest, Task } from '../../core/contract';
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
  const extras = others.map(id => taskName(tasks.find(task => task.id === id) ?? { id, kind: 'tone' }, messages, languageName));
  return [mainTaskName(mainTask, messages), ...extras].join(' · ');
}

export function requestTasks({ mainTask, into }: RunRequest): string[] {
  return [mainTask, ...into];
}

/** Ids come from a bundle: one such as "toString" is no name. */
function named(names: Record<string, string>, id: string): string | undefined {
  return Object.hasOwn(names, id) ? names[id] : undefined;
}
