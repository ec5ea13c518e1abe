/**
 * What the app knows of the device core. Plain values only, so that they can cross a process border as JSON;
 * `bindingCore.ts` maps the generated binding to them and `web/client/httpCore.ts` the preview's server.
 */

/** One message of a conversation; `speaker` may be empty. `sentAt` is local time, `2026-11-24T18:05` or with seconds, where it is known. */
export type ChatMessage = { speaker: string; text: string; sentAt?: string };

/** What is to be summarised: a conversation, or text that is none. */
export type Input = { kind: 'conversation'; messages: ChatMessage[] } | { kind: 'text'; text: string };

/** How several tasks are done together: the ids of docs/text-format.md. */
export type RunningMode = 'calibrated' | 'two-step' | 'merge' | 'zero-shot';
/** `auto` is the mode that the bundle recommends. */
export type Mode = 'auto' | RunningMode;

export type RunRequest = {
  input: Input;
  mainTask: string;
  /** Ids of the other tasks, in order; empty for the main task alone. */
  into: string[];
  mode: Mode;
  /** Who is to answer, where the composition asks for it; the core's own guess when absent. */
  replySpeaker?: string;
  /** Limit of generated tokens for each step; the bundle's when absent. */
  maxTokens?: number;
  /** Limit of the tokens that are read for each step; the bundle's when absent or larger. */
  maxPromptTokens?: number;
};

export type FinishReason = 'stop' | 'line-break' | 'repetition' | 'length' | 'cancelled';

/** Times are wall time in milliseconds, summed over the steps. */
export type Statistics = {
  mode: RunningMode;
  finishReason: FinishReason;
  promptTokens: number;
  generatedTokens: number;
  /** Oldest messages that did not fit into the prompt. */
  leftOutMessages: number;
  inputTruncated: boolean;
  loadMs: number;
  composeMs: number;
  prefillMs: number;
  decodeMs: number;
  steps: number;
  /** 0 where the system does not tell. */
  peakRssBytes: number;
};

export type Answer = { text: string; statistics: Statistics };

/** What happens while a request runs. `step` counts from 0; `text` is to be appended to its step's text. */
export type RunEvent =
  { kind: 'prompt-ready'; step: number; steps: number } | { kind: 'text'; step: number; text: string } | { kind: 'step-finished'; step: number };

export type Task = {
  id: string;
  kind: 'main' | 'translation' | 'tone';
  /** BCP-47, for translations only. */
  languageTag?: string;
};

/** Tasks that the bundle can do together, the main task first, and the modes in which it can. */
export type Composition = {
  tasks: string[];
  modes: RunningMode[];
  recommendedMode: RunningMode;
  /** Whether its answer depends on a request's `replySpeaker`. */
  asksForReplySpeaker: boolean;
};

export type BundleInfo = {
  /** Two of the same id give the same answers. */
  id: string;
  baseName: string;
  baseBytes: number;
  toolVersion: string;
  signed: boolean;
  tasks: Task[];
  compositions: Composition[];
};

/** What to measure: one pass against two steps, on each input. */
export type BenchPlan = {
  inputs: Input[];
  mainTask: string;
  /** At least one. */
  into: string[];
  /** How often each pair runs. */
  runs: number;
};

/** Sums over the steps; times in milliseconds. */
export type BenchTimes = { promptTokens: number; generatedTokens: number; prefillMs: number; decodeMs: number };

/** Times are wall time in milliseconds, each the median of its runs; what was not measured is absent. */
export type BenchReport = {
  tasks: string[];
  /** The mode of the one pass. */
  mode: RunningMode;
  loadMs: number;
  composeMs: number;
  switchMs?: number;
  prefillTokensPerSecond?: number;
  decodeTokensPerSecond?: number;
  /** `ratio` is the time of two steps by that of one pass. */
  pairs: { input: number; onePass: BenchTimes; twoStep: BenchTimes; ratio: number }[];
  /** The median of the pairs' ratios. */
  ratio?: number;
  /** On how many inputs one pass was faster. */
  faster: number;
  /** 0 where the system does not tell. */
  peakRssBytes: number;
  cancelled: boolean;
};

export type BenchProgress = { done: number; total: number };

/** A bundle and its model in memory: about a gigabyte until it is closed. */
export interface CoreSession {
  readonly bundle: BundleInfo;
  /**
   * Runs wait for each other. `signal` cancels this one alone, before it, while it waits and while it runs, which is no error: the answer holds what
   * was written until then. Throws CoreError.
   */
  run: (request: RunRequest, onEvent: (event: RunEvent) => void, signal?: AbortSignal) => Promise<Answer>;
  /** Measures. `signal` as for `run`: the report then holds what was complete. Throws CoreError. */
  bench: (plan: BenchPlan, onProgress: (progress: BenchProgress) => void, signal?: AbortSignal) => Promise<BenchReport>;
  /** Stops everything and frees the model; resolves when its memory is free, or half a minute later. May be called twice. */
  close: () => Promise<void>;
}

/** A file's content, or where it lies in the app's own files. */
export type ChatFile = { bytes: ArrayBuffer } | { path: string };

export type OpenOptions = {
  /** For the model; the core's own choice when absent. Takes effect for the first session of a process only. */
  threads?: number;
};

export interface Core {
  /** What the bundle offers, at once and before it is verified. Throws CoreError. */
  inspect: () => Promise<BundleInfo>;
  /** Verifies the bundle and loads its model. Throws CoreError. */
  open: (options: OpenOptions) => Promise<CoreSession>;
  /** Reads pasted or exported chat text; empty when no message is recognised in it. Throws CoreError. */
  parseChat: (text: string) => Promise<ChatMessage[]>;
  /** Reads a chat export, a text or a zip that holds one; empty when no message is recognised in it. Throws CoreError. */
  readChat: (file: ChatFile) => Promise<ChatMessage[]>;
}
