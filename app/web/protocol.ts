import type { Answer, BenchPlan, BenchProgress, BenchReport, BundleInfo, ChatMessage, RunEvent, RunRequest } from '../src/core/contract';
import type { CoreErrorFields } from '../src/core/errors';
import type { ImportKind, ImportProgress, InstalledBundle } from '../src/core/library';

/** What the browser and the preview's server say to each other. A call is a POST of JSON to its path and is answered with JSON. */
export type Calls = {
  inspect: { request: Empty; reply: BundleInfo };
  open: { request: Empty; reply: BundleInfo };
  'parse-chat': { request: { text: string }; reply: Messages };
  cancel: { request: Stoppable; reply: Empty };
  bundles: { request: Empty; reply: { bundles: InstalledBundle[] } };
  'use-bundle': { request: { id: string }; reply: Empty };
  'remove-bundle': { request: { id: string }; reply: Empty };
};

/** A POST of JSON as well, answered with a line of JSON for each step and one for the end. */
export type Streams = {
  run: { request: RunRequest & Stoppable; step: RunEvent; end: Answer };
  bench: { request: BenchPlan & Stoppable; step: BenchProgress; end: BenchReport };
};

/** By this id, which the page chooses, `cancel` stops what was begun with it. */
export type Stoppable = { id: string };

/** A POST of a file's bytes, answered in the same way; no bundle where a base model was taken in. */
export type Import = { step: ImportProgress; end: { bundle?: InstalledBundle } };
export const importOf = (kind: ImportKind) => `import-${kind}` as const;

export type Stream = { step: unknown; end: unknown };
export type Line<S extends Stream> = { step: S['step'] } | { end: S['end'] } | { error: CoreErrorFields };

/** A POST of a chat file's bytes, answered as `parse-chat`. */
export const READ_CHAT = 'read-chat';

export type Messages = { messages: ChatMessage[] };

type Empty = Record<string, never>;

export const path = (call: keyof Calls | keyof Streams | typeof READ_CHAT | ReturnType<typeof importOf>): string => `/api/${call}`;

/** The header that proves that a request comes from the page which this server gave out. */
export const TOKEN_HEADER = 'x-tandem-token';

/** With an error the status is not 2xx and the body is this. */
export type ErrorReply = { error: CoreErrorFields };
