import type { Answer, RunEvent, RunRequest } from '../../core/contract';
import { CoreError, isNoBundle } from '../../core/errors';
import type { Model } from '../../core/model';
import { Store, type Readable } from '../../core/store';

export type AnswerState =
  /** For the model to be loaded, or for the answers before it. */
  | { kind: 'waiting' }
  /** `text` is what the current step has written; the answer is the last step's. */
  | { kind: 'running'; step: number; steps: number; text: string; stopping: boolean }
  /** `text` is the answer's, or what the user made of it. `at` is when it was made, in milliseconds since 1970; `bundle` is the id of what made it. */
  | { kind: 'finished'; answer: Answer; text: string; at: number; bundle: string }
  | { kind: 'failed'; error: CoreError };

/** One card. */
export type Item = {
  id: string;
  request: RunRequest;
  /** Who the user said to be in the conversation when it was asked for: who a reply is by may only be a guess. */
  owner?: string;
  state: AnswerState;
  /** The finished answer that it is to take the place of; it comes back where nothing does. */
  former?: FinishedItem;
  /** Why nothing took its place. */
  problem?: CoreError;
};

export type FinishedItem = Item & { state: { kind: 'finished' } };

/**
 * Makes the answers that are shown, one after another on the one session. Only what was asked for last is shown: an
 * earlier answer that ends late changes nothing.
 */
export class Answers {
  private readonly store = new Store<readonly Item[]>([]);
  /** Stops the answer that runs, or waits behind a measurement. */
  private stopping: AbortController | undefined;
  private working: Promise<void> | undefined;

  /** `onFinished` is called with each answer that came to its end, and again with each that the user changed; `owner` is who the user is now. */
  constructor(
    private readonly model: Model,
    private readonly onFinished: (item: FinishedItem) => void = () => undefined,
    private readonly owner: () => string | undefined = () => undefined,
  ) {}

  get state(): Readable<readonly Item[]> {
    return this.store;
  }

  get busy(): boolean {
    return this.store.get().some(isPending);
  }

  /** In place of what was shown before, which is stopped. Resolves when all has ended, in whatever way; the state tells. */
  start(requests: RunRequest[]): Promise<void> {
    this.reset();
    this.store.set(requests.map(request => newItem(request, this.owner())));
    return this.work();
  }

  /** Makes another answer in place of one, in its turn among those that wait. */
  again(id: string, request: RunRequest): Promise<void> {
    this.replace(id, item => [isPending(item) ? item : { ...newItem(request, this.owner()), ...formerOf(item) }]);
    return this.work();
  }

  /** Replaces the text of a finished answer by the user's. */
  edit(id: string, text: string): void {
    const item = this.item(id);
    if (item && isFinished(item)) this.finish(id, { ...item.state, text });
  }

  /** What waits is dropped; what runs ends soon and keeps what it has written, unless it was to take the place of another. */
  stop(): void {
    this.store.set(
      this.store.get().flatMap(item => {
        if (item.state.kind === 'waiting') return unmade(item);
        return [item.state.kind === 'running' ? { ...item, state: { ...item.state, stopping: true } } : item];
      }),
    );
    this.stopping?.abort();
  }

  /** Forgets the answers, for instance because the conversation is another one. */
  reset(): void {
    this.stop();
    this.store.set([]);
  }

  private work(): Promise<void> {
    this.working ??= this.makeAll().finally(() => {
      this.working = undefined;
    });
    return this.working;
  }

  private async makeAll(): Promise<void> {
    for (;;) {
      const next = this.store.get().find(({ state }) => state.kind === 'waiting');
      if (!next) return;
      await this.make(next);
    }
  }

  private async make({ id, request }: Item): Promise<void> {
    try {
      await this.model.use(async session => {
        // It may have been stopped while the model was loading.
        if (!this.set(id, { kind: 'running', step: 0, steps: 1, text: '', stopping: false })) return;
        const stopping = new AbortController();
        this.stopping = stopping;
        const follow = (event: RunEvent) => {
          this.follow(id, event);
        };
        const answer = await session.run(request, follow, stopping.signal);
        this.end(id, answer, session.bundle.id);
      });
    } catch (thrown) {
      this.fail(id, CoreError.from(thrown));
    } finally {
      this.stopping = undefined;
    }
  }

  private follow(id: string, event: RunEvent): void {
    const running = this.item(id)?.state;
    if (running?.kind !== 'running') return;
    if (event.kind === 'prompt-ready') this.set(id, { ...running, step: event.step, steps: event.steps, text: '' });
    if (event.kind === 'text') this.set(id, { ...running, text: running.text + event.text });
  }

  private end(id: string, answer: Answer, bundle: string): void {
    if (answer.statistics.finishReason === 'cancelled' && this.item(id)?.former) this.replace(id, unmade);
    else this.finish(id, { kind: 'finished', answer, text: answer.text, at: Date.now(), bundle });
  }

  private fail(id: string, error: CoreError): void {
    if (!this.item(id)) return;
    this.replace(id, item => failed(item, error));
    // A text that is refused says nothing of the next answer; a model that fails does.
    if (error.source !== 'input') this.store.set(this.store.get().flatMap(item => (item.state.kind === 'waiting' ? unmade(item) : [item])));
  }

  private finish(id: string, state: FinishedItem['state']): void {
    this.replace(id, item => [finishedItem(item, state)]);
    const item = this.item(id);
    if (item) this.onFinished({ ...item, state });
  }

  /** Undefined when it is no longer shown. */
  private set(id: string, state: AnswerState): Item | undefined {
    this.replace(id, item => [{ ...item, state }]);
    return this.item(id);
  }

  private item(id: string): Item | undefined {
    return this.store.get().find(item => item.id === id);
  }

  private replace(id: string, by: (item: Item) => Item[]): void {
    if (this.item(id)) this.store.set(this.store.get().flatMap(item => (item.id === id ? by(item) : [item])));
  }
}

/** What stays of an item of which nothing comes. */
function unmade({ former }: Item): Item[] {
  return former ? [former] : [];
}

function failed(item: Item, error: CoreError): Item[] {
  // That there is no model is told by the model's own state.
  if (isNoBundle(error)) return unmade(item);
  return [item.former ? { ...item.former, problem: error } : { ...item, state: { kind: 'failed', error } }];
}

function formerOf(item: Item): Pick<Item, 'former'> {
  return isFinished(item) ? { former: finishedItem(item, item.state) } : {};
}

/** Nothing of what it took the place of, or of why nothing took its, stays. */
function finishedItem({ id, request, owner }: Item, state: FinishedItem['state']): FinishedItem {
  return { id, request, ...(owner !== undefined && { owner }), state };
}

export function isFinished(item: Item): item is FinishedItem {
  return item.state.kind === 'finished';
}

export function isPending({ state }: Item): boolean {
  return state.kind === 'waiting' || state.kind === 'running';
}

let made = 0;

/** Unlike any other of this device: the history keeps answers by it. */
function newItem(request: RunRequest, owner: string | undefined): Item {
  made += 1;
  const id = [Date.now(), made, Math.floor(Math.random() * 0x1_0000_0000)].map(number => number.toString(36)).join('-');
  return { id, request, ...(owner !== undefined && { owner }), state: { kind: 'waiting' } };
}
