import type { Answer, CoreSession, RunRequest } from '../../core/contract';
import { CoreError } from '../../core/errors';
import type { Model } from '../../core/model';
import { Store, type Readable } from '../../core/store';

export type SummaryState =
  | { kind: 'idle' }
  /** Waits for the model to be loaded. */
  | { kind: 'queued'; request: RunRequest }
  /** `text` is what the current step has written; the answer is the last step's. */
  | { kind: 'running'; request: RunRequest; step: number; steps: number; text: string; stopping: boolean }
  | { kind: 'finished'; request: RunRequest; answer: Answer }
  | { kind: 'failed'; request: RunRequest; error: CoreError };

/** Makes one summary at a time. Only the latest request is shown: an earlier one that ends late changes nothing. */
export class Summary {
  private readonly store = new Store<SummaryState>({ kind: 'idle' });
  private session: CoreSession | undefined;

  constructor(private readonly model: Model) {}

  get state(): Readable<SummaryState> {
    return this.store;
  }

  /** Stops the request before, if any. Resolves when the summary has ended, in whatever way; the state tells. */
  async start(request: RunRequest): Promise<void> {
    this.stop();
    this.store.set({ kind: 'queued', request });
    try {
      const session = await this.model.load();
      if (!this.isCurrent(request)) return;
      this.session = session;
      this.store.set({ kind: 'running', request, step: 0, steps: 1, text: '', stopping: false });
      const answer = await session.run(request, event => {
        const running = this.store.get();
        if (running.kind !== 'running' || running.request !== request) return;
        if (event.kind === 'prompt-ready') this.store.set({ ...running, step: event.step, steps: event.steps, text: '' });
        if (event.kind === 'text') this.store.set({ ...running, text: running.text + event.text });
      });
      if (this.isCurrent(request)) this.store.set({ kind: 'finished', request, answer });
    } catch (thrown) {
      if (this.isCurrent(request)) this.store.set({ kind: 'failed', request, error: CoreError.from(thrown) });
    }
  }

  /** A waiting request is dropped; a running one ends soon and keeps what it has written. */
  stop(): void {
    const state = this.store.get();
    if (state.kind === 'queued') this.store.set({ kind: 'idle' });
    if (state.kind !== 'running' || state.stopping) return;
    this.store.set({ ...state, stopping: true });
    this.session?.cancel();
  }

  /** Forgets the answer, for instance because the conversation is another one. */
  reset(): void {
    this.stop();
    this.store.set({ kind: 'idle' });
  }

  private isCurrent(request: RunRequest): boolean {
    const state = this.store.get();
    return (state.kind === 'queued' || state.kind === 'running') && state.request === request;
  }
}
