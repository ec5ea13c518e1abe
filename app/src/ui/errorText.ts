import type { CoreErrorFields } from '../core/errors';
import type { Messages } from '../i18n';

/** What the user can do about an error: for its very kind where there is such a text, else for its source. */
export function adviceOf({ source, kind }: Pick<CoreErrorFields, 'source' | 'kind'>, { error }: Messages): string {
  const documents: Record<string, string> = error.document;
  return (source === 'document' && Object.hasOwn(documents, kind) ? documents[kind] : undefined) ?? error.advice[source];
}
