import type { CoreErrorFields, CoreErrorSource } from '../core/errors';
import type { Messages } from '../i18n';

/** Of an error, what decides the text for it. */
export type ErrorKind = Pick<CoreErrorFields, 'source' | 'kind'>;

/** What the user can do about an error of this very kind; undefined where there is no such text. */
export function ownAdviceOf({ source, kind }: ErrorKind, { error }: Messages): string | undefined {
  const own: Partial<Record<CoreErrorSource, Record<string, string>>> = { document: error.document, input: error.input };
  const texts = own[source];
  return texts && Object.hasOwn(texts, kind) ? texts[kind] : undefined;
}

/** What the user can do about an error: for its very kind where there is such a text, else for its source. */
export function adviceOf(error: ErrorKind, messages: Messages): string {
  return ownAdviceOf(error, messages) ?? messages.error.advice[error.source];
}
