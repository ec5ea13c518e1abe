import type { Answer, BenchProgress, BenchReport, BundleInfo, ChatMessage, RunEvent, RunRequest } from '../src/core/contract';
import type { CoreErrorFields } from '../src/core/errors';

/**
 * What the browser and the preview's server say to each other. A call is a POST of JSON to its path and is
 * answered with JSON; `run` is answered with one JSON object a line, the last being the end.
 */
export type Calls = {
  inspect: { request: Record<string, never>; reply: BundleInfo };
  open: { request: Record<string, never>; reply: BundleInfo };
  'parse-chat': { request: { text: string }; reply: { messages: ChatMessage[] } };
  cancel: { request: Record<string, never>; reply: Record<string, never> };
};

export type RunLine = { event: RunEvent } | { answer: Answer } | { error: CoreErrorFields };

export type RunCall = RunRequest;

/** A POST of a BenchPlan, answered with one of these a line, the last being the end. */
export const BENCH = 'bench';
export type BenchLine = { progress: BenchProgress } | { report: BenchReport } | { error: CoreErrorFields };

/** A POST of a chat file's bytes, answered as `parse-chat`. */
export const READ_CHAT = 'read-chat';

export const path = (call: keyof Calls | 'run' | typeof READ_CHAT | typeof BENCH): string => `/api/${call}`;

/** The header that proves that a request comes from the page which this server gave out. */
export const TOKEN_HEADER = 'x-tandem-token';

/** With an error the status is not 2xx and the body is this. */
export type ErrorReply = { error: CoreErrorFields };
