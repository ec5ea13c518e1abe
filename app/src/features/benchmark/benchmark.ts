import type { BenchPlan, BenchProgress, BenchReport } from '../../core/contract';
import type { Device, Heat } from '../../core/device';
import { CoreError } from '../../core/errors';
import type { Model } from '../../core/model';
import type { Storage } from '../../core/storage/storage';
import { Store, type Readable } from '../../core/store';

/** A report that is kept, with the device's heat before and after it: a warm phone is a slow one. */
export type KeptReport = { at: number; baseName: string; report: BenchReport; heat?: { before: Heat; after: Heat } };

export type BenchmarkState = {
  /** What is being measured, if anything is. */
  running?: BenchProgress;
  error?: CoreError;
  /** The latest first. */
  kept: readonly KeptReport[];
};

const KEY = 'benchmarks';
const MOST = 20;

/** Measures the model on this device, and keeps what came out. It holds no text of the user. */
export class Benchmark {
  private readonly store = new Store<BenchmarkState>({ kept: [] });
  /** Stops the measurement that runs. */
  private stopping: AbortController | undefined;
  /** Stands for the plan that was started last, until it is stopped. */
  private wanted: symbol | undefined;

  constructor(
    private readonly model: Model,
    private readonly storage: Pick<Storage, 'read' | 'write'>,
    private readonly onFailure: (thrown: unknown) => void,
    private readonly heat?: () => Heat,
  ) {}

  get state(): Readable<BenchmarkState> {
    return this.store;
  }

  async open(): Promise<void> {
    try {
      this.store.set({ ...this.store.get(), kept: parseKept(await this.storage.read(KEY)) });
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** One at a time: a second call while one runs does nothing. */
  async start(plan: BenchPlan): Promise<void> {
    const { running, kept } = this.store.get();
    if (running) return;
    const own = Symbol();
    this.wanted = own;
    this.store.set({ kept, running: { done: 0, total: 0 } });
    try {
      const found = await this.model.use(async session => {
        if (this.wanted !== own) return undefined;
        const stopping = new AbortController();
        this.stopping = stopping;
        try {
          const before = this.heat?.();
          const show = (running: BenchProgress) => {
            this.store.set({ kept, running });
          };
          const report = await session.bench(plan, show, stopping.signal);
          const after = this.heat?.();
          return { at: Date.now(), baseName: session.bundle.baseName, report, ...(before && after && { heat: { before, after } }) };
        } finally {
          this.stopping = undefined;
        }
      });
      if (!found) return;
      // What was stopped before its first pair says nothing.
      await this.keep(found.report.pairs.length > 0 ? [found, ...kept].slice(0, MOST) : kept);
    } catch (thrown) {
      // Of one that was stopped while the model was loading, a failure of the load says nothing.
      if (this.wanted === own) this.store.set({ kept, error: CoreError.from(thrown) });
    }
  }

  /** What was complete until then is kept. One that waits for the model is over at once. */
  stop(): void {
    const { running, kept } = this.store.get();
    if (this.stopping) this.stopping.abort();
    else if (running) {
      this.wanted = undefined;
      this.store.set({ kept });
    }
  }

  async removeAll(): Promise<void> {
    await this.keep([]);
  }

  /** Lets the user save what is kept, as CSV. */
  async exportCsv(save: NonNullable<Device['saveFile']>): Promise<void> {
    await save('tandem-benchmark.csv', 'text/csv', csvOf(this.store.get().kept)).catch(this.onFailure);
  }

  private async keep(kept: readonly KeptReport[]): Promise<void> {
    this.store.set({ kept });
    await this.storage.write(KEY, JSON.stringify(kept)).catch(this.onFailure);
  }
}

/** What is not such a list, as that of another version, is none. */
function parseKept(text: string | undefined): KeptReport[] {
  try {
    const value = JSON.parse(text ?? '[]') as unknown;
    return Array.isArray(value) ? value.filter(isKept) : [];
  } catch {
    return [];
  }
}

function isKept(value: unknown): value is KeptReport {
  const { at, baseName, report, heat } = (value ?? {}) as Partial<KeptReport>;
  if (heat !== undefined && !(isObject(heat) && isObject(heat.before) && isObject(heat.after))) return false;
  return typeof at === 'number' && typeof baseName === 'string' && Array.isArray(report?.pairs) && Array.isArray(report.tasks);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const COLUMNS = [
  ...['time', 'base', 'tasks', 'mode', 'input', 'steps', 'prompt_tokens', 'generated_tokens', 'prefill_ms', 'decode_ms', 'ratio'],
  // Of the report as a whole: the same in each of its rows.
  ...['load_ms', 'compose_ms', 'switch_ms', 'peak_rss_bytes', 'heat_before', 'heat_after', 'headroom_before', 'headroom_after'],
];

/** One row for each measured side of each pair, as RFC 4180 has it. */
export function csvOf(kept: readonly KeptReport[]): string {
  const rows = kept.flatMap(({ at, baseName, report, heat }) =>
    report.pairs.flatMap(({ input, onePass, twoStep, ratio }) =>
      [onePass, twoStep].map((times, index) => [
        new Date(at).toISOString(),
        baseName,
        report.tasks.join('+'),
        index === 0 ? report.mode : 'two-step',
        input,
        index + 1,
        times.promptTokens,
        times.generatedTokens,
        times.prefillMs,
        times.decodeMs,
        ratio,
        report.loadMs,
        report.composeMs,
        report.switchMs ?? '',
        report.peakRssBytes,
        heat?.before.status ?? '',
        heat?.after.status ?? '',
        heat?.before.headroom ?? '',
        heat?.after.headroom ?? '',
      ]),
    ),
  );
  return [COLUMNS, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Names come from a bundle: quoted, and none is taken for a formula by a spreadsheet. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
