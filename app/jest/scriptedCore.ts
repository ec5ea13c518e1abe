import { whenAborted } from '../src/core/abort';
import type {
  Answer,
  BenchPlan,
  BenchProgress,
  BenchReport,
  BundleInfo,
  ChatFile,
  ChatMessage,
  Core,
  CoreSession,
  OpenOptions,
  RunEvent,
  RunRequest,
  Statistics,
} from '../src/core/contract';

/** A promise that the test settles. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

export const statistics: Statistics = {
  mode: 'calibrated',
  finishReason: 'stop',
  promptTokens: 120,
  generatedTokens: 30,
  leftOutMessages: 0,
  inputTruncated: false,
  loadMs: 900,
  composeMs: 40,
  prefillMs: 1200,
  decodeMs: 1500,
  steps: 1,
  peakRssBytes: 0,
};

/** Made of one main task and one translation. */
export const bundle: BundleInfo = {
  id: 'scripted',
  baseName: 'scripted',
  baseBytes: 1,
  toolVersion: '0.1.0',
  signed: false,
  tasks: [
    { id: 'summarize', kind: 'main' },
    { id: 'es', kind: 'translation', languageTag: 'es' },
  ],
  compositions: [
    { tasks: ['summarize'], modes: ['merge', 'zero-shot'], recommendedMode: 'merge', asksForReplySpeaker: false },
    { tasks: ['summarize', 'es'], modes: ['calibrated', 'two-step', 'merge', 'zero-shot'], recommendedMode: 'calibrated', asksForReplySpeaker: false },
  ],
};

/** With two main tasks, two languages and two tones, and a composition of three. */
export const largeBundle: BundleInfo = {
  ...bundle,
  tasks: [
    { id: 'summarize', kind: 'main' },
    { id: 'reply', kind: 'main' },
    { id: 'es', kind: 'translation', languageTag: 'es' },
    { id: 'fr', kind: 'translation', languageTag: 'fr' },
    { id: 'witty', kind: 'tone' },
    { id: 'pirate', kind: 'tone' },
  ],
  compositions: [
    ...['summarize', 'reply'].flatMap(main => [[main], [main, 'es'], [main, 'fr'], [main, 'witty'], [main, 'pirate']]),
    ['summarize', 'witty', 'fr'],
  ].map(tasks => ({ tasks, modes: ['calibrated', 'merge'], recommendedMode: 'calibrated', asksForReplySpeaker: tasks[0] === 'reply' })),
};

export function benchReport({ mainTask, into, inputs }: BenchPlan, changes: Partial<BenchReport> = {}): BenchReport {
  const times = { promptTokens: 100, generatedTokens: 30, prefillMs: 1000, decodeMs: 1000 };
  const pairs = inputs.map((_, input) => ({ input, onePass: times, twoStep: { ...times, decodeMs: 2000 }, ratio: 1.5 }));
  return {
    tasks: [mainTask, ...into],
    mode: 'calibrated',
    loadMs: 900,
    composeMs: 40,
    prefillTokensPerSecond: 100,
    decodeTokensPerSecond: 30,
    pairs,
    ratio: 1.5,
    faster: pairs.length,
    peakRssBytes: 2 ** 30,
    cancelled: false,
    ...changes,
  };
}

/** A run that the test drives: it sends events and ends it. */
export class ScriptedRun {
  readonly answer = new Deferred<Answer>();
  text = '';

  constructor(
    readonly request: RunRequest,
    private readonly onEvent: (event: RunEvent) => void,
  ) {}

  write(text: string, step = 0): void {
    this.text += text;
    this.onEvent({ kind: 'text', step, text });
  }

  begin(step: number, steps: number): void {
    this.text = '';
    this.onEvent({ kind: 'prompt-ready', step, steps });
  }

  finish(changes: Partial<Statistics> = {}): void {
    this.answer.resolve({ text: this.text.trim(), statistics: { ...statistics, ...changes } });
  }
}

/** A core for the app's own tests: nothing happens until the test says so. */
export class ScriptedCore implements Core {
  readonly opening: Deferred<CoreSession>[] = [];
  readonly runs: ScriptedRun[] = [];
  readonly benches: { plan: BenchPlan; onProgress: (progress: BenchProgress) => void; report: Deferred<BenchReport> }[] = [];
  closed = 0;
  /** When the memory of a model that was closed is free. */
  freed: Promise<void> = Promise.resolve();

  constructor(public offered: BundleInfo = bundle) {}

  readonly inspect = (): Promise<BundleInfo> => Promise.resolve(this.offered);

  /** What the last session was opened with. */
  options: OpenOptions | undefined;

  readonly open = (options: OpenOptions): Promise<CoreSession> => {
    this.options = options;
    const opening = new Deferred<CoreSession>();
    this.opening.push(opening);
    return opening.promise;
  };

  /** Reads lines `speaker: text`, as the real core does among others. */
  readonly parseChat = (text: string): Promise<ChatMessage[]> => {
    const lines = text.split('\n').map(line => /^(\w+): (.+)$/.exec(line));
    return Promise.resolve(lines.flatMap(line => (line?.[1] && line[2] ? { speaker: line[1], text: line[2] } : [])));
  };

  /** As `parseChat`, of UTF-8. */
  readonly readChat = (file: ChatFile): Promise<ChatMessage[]> => this.parseChat('bytes' in file ? Buffer.from(file.bytes).toString('utf8') : file.path);

  /** The model has been loaded. */
  loaded(): void {
    this.opening.at(-1)?.resolve({
      bundle: this.offered,
      run: (request, onEvent, signal) => {
        const run = new ScriptedRun(request, onEvent);
        this.runs.push(run);
        const end = whenAborted(signal, () => {
          run.finish({ finishReason: 'cancelled' });
        });
        return run.answer.promise.finally(end);
      },
      bench: (plan, onProgress, signal) => {
        const report = new Deferred<BenchReport>();
        this.benches.push({ plan, onProgress, report });
        const end = whenAborted(signal, () => {
          report.resolve(benchReport(plan, { cancelled: true, pairs: [] }));
        });
        return report.promise.finally(end);
      },
      close: () => {
        this.closed += 1;
        return this.freed;
      },
    });
  }
}
