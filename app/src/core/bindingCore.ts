import {
  Cancellation,
  FinishReason,
  Input,
  inspectBundle,
  memoryFit,
  MemoryFit,
  memoryNeed,
  Mode,
  readChat,
  readChatFile,
  readPastedChat,
  RunEvent_Tags,
  Session,
  TandemError,
  TandemError_Tags,
  TaskKind,
  type BenchReport as BindingReport,
  type BundleInfo as BindingBundle,
  type CancellationLike,
  type LibraryLike as BindingLibrary,
  type RunEvent as BindingEvent,
  type SentMessage,
  type Statistics as BindingStatistics,
} from '#binding';

import { whenAborted } from './abort';
import type {
  BenchReport,
  BundleInfo,
  ChatMessage,
  Core,
  CoreSession,
  FinishReason as CoreFinishReason,
  Input as CoreInput,
  Mode as CoreMode,
  RunEvent,
  RunningMode,
  RunRequest,
  Statistics,
  Task,
} from './contract';
import { CoreError, noBundle } from './errors';

/** Where a bundle is: at a path, or in a library. */
export type Places = {
  /** Where the core may write short-lived files. */
  tempDir?: string | undefined;
  /** Memory that is free, in bytes; with it, a model that would not fit is refused before it is loaded. */
  availableBytes?: number | undefined;
} & (
  | {
      bundlePath: string;
      /** The base model's file, unless it is packed into the bundle. */
      basePath?: string | undefined;
    }
  | { library: BindingLibrary; bundleId: string }
);

/**
 * The core over the generated binding: React Native's on the phone, Node's in tests and the preview's server. `places` is asked before each session;
 * undefined where no bundle is.
 */
export function bindingCore(places: () => Promise<Places | undefined>): Core {
  const placeOfBundle = async () => {
    const place = await places();
    if (!place) throw noBundle();
    return place;
  };
  // No load can be stopped, and a second beside it would want a second gigabyte.
  let former: Promise<unknown> = Promise.resolve();
  // Nor may one that was closed still be in memory, or what is free would be measured beside it.
  let leaving: Promise<unknown> = Promise.resolve();
  const leaves = (gone: Promise<void>) => {
    leaving = Promise.all([leaving, gone]);
  };
  return {
    inspect: () =>
      rethrowing(async () => {
        const place = await placeOfBundle();
        if (!('library' in place)) return bundleInfo(inspectBundle(place.bundlePath));
        const info = place.library.bundles().find(({ id }) => id === place.bundleId)?.info;
        if (!info) throw new CoreError({ source: 'library', kind: 'bundle-broken', message: 'the bundle in use cannot be read; import it again' });
        return bundleInfo(info);
      }),
    open: ({ threads }) => {
      const before = former.catch(() => undefined);
      const opened = rethrowing(async () => {
        await before;
        await leaving;
        const place = await placeOfBundle();
        refuseWhatWontFit(place);
        const { tempDir } = place;
        const options = { ...(tempDir && { tempDir }), ...(threads && { threads }) };
        const opening =
          'library' in place ? Session.openStored(place.library, place.bundleId, options) : Session.open(place.bundlePath, place.basePath, options);
        return coreSession(await opening, leaves);
      });
      former = opened;
      return opened;
    },
    parseChat: text => rethrowing(() => Promise.resolve(readPastedChat(text).map(chatMessage))),
    readChat: file => rethrowing(() => Promise.resolve(('path' in file ? readChatFile(file.path) : readChat(file.bytes)).map(chatMessage))),
  };
}

/** Better told than found out: a system that is short of memory ends the app without a word. */
function refuseWhatWontFit(place: Places): void {
  const { availableBytes } = place;
  if (availableBytes === undefined) return;
  const need = 'library' in place ? place.library.memoryNeed(place.bundleId) : memoryNeed(place.bundlePath, place.basePath);
  if (memoryFit(need, BigInt(Math.max(0, Math.floor(availableBytes)))) !== MemoryFit.WontFit) return;
  const megabytes = (bytes: bigint | number) => `${String(Math.ceil(Number(bytes) / 1e6))} MB`;
  const message = `the model needs ${megabytes(need.residentBytes)} of memory and ${megabytes(availableBytes)} are free; close other apps and try again`;
  throw new CoreError({ source: 'memory', kind: 'wont-fit', message });
}

function chatMessage({ speaker, text, sentAt }: SentMessage): ChatMessage {
  return { speaker, text, ...(sentAt !== undefined && { sentAt }) };
}

/** `leaves` is told of its end when it is closed. */
function coreSession(session: Awaited<ReturnType<typeof Session.open>>, leaves: (gone: Promise<void>) => void): CoreSession {
  let closed: Promise<void> | undefined;
  return {
    bundle: bundleInfo(session.bundle()),
    run: (request, onEvent, signal) =>
      rethrowing(async () => {
        const sink = {
          onEvent: (event: BindingEvent) => {
            onEvent(runEvent(event));
          },
        };
        const { text, statistics } = await cancellable(signal, cancellation => session.run(bindingRequest(request), cancellation, sink));
        return { text, statistics: runStatistics(statistics) };
      }),
    bench: ({ inputs, mainTask, into, runs }, onProgress, signal) =>
      rethrowing(async () => {
        const sink = {
          onProgress: (done: number, total: number) => {
            onProgress({ done, total });
          },
        };
        const plan = { inputs: inputs.map(bindingInput), mainTask, into, runs };
        return benchReport(await cancellable(signal, cancellation => session.bench(plan, cancellation, sink)));
      }),
    close: () => {
      if (!closed) {
        session.close();
        closed = session.closed();
        leaves(closed);
      }
      return closed;
    },
  };
}

async function cancellable<T>(signal: AbortSignal | undefined, work: (cancellation: CancellationLike) => Promise<T>): Promise<T> {
  const cancellation = new Cancellation();
  const end = whenAborted(signal, () => {
    cancellation.cancel();
  });
  return work(cancellation).finally(end);
}

const modes = {
  auto: Mode.Auto,
  calibrated: Mode.Calibrated,
  'two-step': Mode.TwoStep,
  merge: Mode.Merge,
  'zero-shot': Mode.ZeroShot,
} satisfies Record<CoreMode, Mode>;

function runningMode(mode: Mode): RunningMode {
  switch (mode) {
    case Mode.Calibrated:
      return 'calibrated';
    case Mode.TwoStep:
      return 'two-step';
    case Mode.Merge:
      return 'merge';
    case Mode.ZeroShot:
      return 'zero-shot';
    case Mode.Auto:
      throw new CoreError({ source: 'internal', kind: 'unexpected-mode', message: 'the core named "auto" as the mode that ran' });
  }
}

const finishReasons: Record<FinishReason, CoreFinishReason> = {
  [FinishReason.Stop]: 'stop',
  [FinishReason.LineBreak]: 'line-break',
  [FinishReason.Repetition]: 'repetition',
  [FinishReason.Length]: 'length',
  [FinishReason.Cancelled]: 'cancelled',
};

const taskKinds: Record<TaskKind, Task['kind']> = {
  [TaskKind.Main]: 'main',
  [TaskKind.Translation]: 'translation',
  [TaskKind.Tone]: 'tone',
};

function bindingInput(input: CoreInput) {
  return input.kind === 'text' ? new Input.Text({ text: input.text }) : new Input.Conversation({ messages: input.messages });
}

function benchReport({ pairs, mode, switchMs, prefillTokensPerSecond, decodeTokensPerSecond, ratio, peakRssBytes, ...same }: BindingReport): BenchReport {
  return {
    ...same,
    mode: runningMode(mode),
    peakRssBytes: Number(peakRssBytes),
    pairs: pairs.map(({ input, onePass, twoStep, ratio: ofPair }) => ({ input, onePass: { ...onePass }, twoStep: { ...twoStep }, ratio: ofPair })),
    ...(switchMs !== undefined && { switchMs }),
    ...(prefillTokensPerSecond !== undefined && { prefillTokensPerSecond }),
    ...(decodeTokensPerSecond !== undefined && { decodeTokensPerSecond }),
    ...(ratio !== undefined && { ratio }),
  };
}

function bindingRequest({ input, mainTask, into, mode, replySpeaker, maxTokens, maxPromptTokens }: RunRequest) {
  return {
    input: bindingInput(input),
    mainTask,
    into,
    mode: modes[mode],
    ...(replySpeaker !== undefined && { replySpeaker }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(maxPromptTokens !== undefined && { maxPromptTokens }),
  };
}

function runEvent(event: BindingEvent): RunEvent {
  switch (event.tag) {
    case RunEvent_Tags.PromptReady:
      return { kind: 'prompt-ready', step: event.inner.step, steps: event.inner.steps };
    case RunEvent_Tags.Text:
      return { kind: 'text', step: event.inner.step, text: event.inner.text };
    case RunEvent_Tags.StepFinished:
      return { kind: 'step-finished', step: event.inner.step };
  }
}

function runStatistics(statistics: BindingStatistics): Statistics {
  return {
    mode: runningMode(statistics.mode),
    finishReason: finishReasons[statistics.finishReason],
    promptTokens: statistics.promptTokens,
    generatedTokens: statistics.generatedTokens,
    leftOutMessages: statistics.leftOutMessages,
    inputTruncated: statistics.inputTruncated,
    loadMs: statistics.loadMs,
    composeMs: statistics.composeMs,
    prefillMs: statistics.prefillMs,
    decodeMs: statistics.decodeMs,
    steps: statistics.steps.length,
    peakRssBytes: Number(statistics.peakRssBytes),
  };
}

export function bundleInfo(bundle: BindingBundle): BundleInfo {
  return {
    id: bundle.id,
    baseName: bundle.baseName,
    baseBytes: Number(bundle.baseBytes),
    toolVersion: bundle.toolVersion,
    signed: bundle.signed,
    tasks: bundle.tasks.map(({ id, kind, languageTag }) => ({ id, kind: taskKinds[kind], ...(languageTag === undefined ? {} : { languageTag }) })),
    compositions: bundle.compositions.map(({ tasks, modes: offered, recommendedMode, asksForReplySpeaker }) => ({
      tasks,
      modes: offered.map(runningMode),
      recommendedMode: runningMode(recommendedMode),
      asksForReplySpeaker,
    })),
  };
}

async function rethrowing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw TandemError.instanceOf(thrown) ? coreError(thrown) : CoreError.from(thrown);
  }
}

export function coreError(error: TandemError): CoreError {
  switch (error.tag) {
    case TandemError_Tags.Bundle:
      return new CoreError({ source: 'bundle', ...error.inner });
    case TandemError_Tags.Base:
      return new CoreError({ source: 'base', ...error.inner });
    case TandemError_Tags.Input:
      return new CoreError({ source: 'input', ...error.inner });
    case TandemError_Tags.Engine:
      return new CoreError({ source: 'engine', ...error.inner });
    case TandemError_Tags.Closed:
      return new CoreError({ source: 'closed', kind: 'closed', ...error.inner });
  }
}
