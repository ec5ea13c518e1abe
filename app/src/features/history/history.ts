import type { HistoryEntry, HistoryHead, Storage } from '../../core/storage/storage';
import { Store, type Readable } from '../../core/store';
import type { FinishedItem } from '../answer/answers';

import type { Unreadable } from './unreadable';

/** What of the history is listed. `more` says whether there are older ones. */
export type Listed = { words: string; heads: readonly HistoryHead[]; more: boolean; loading: boolean };

/** Heads that are read at once. */
const PAGE = 30;

/** The kept answers. What fails is passed to `onFailure`, and the list stays as it was. */
export class History {
  private readonly store = new Store<Listed>({ words: '', heads: [], more: false, loading: true });
  /** The latest list that was asked for: an earlier one that comes late is dropped. */
  private asked = 0;

  constructor(
    private readonly storage: Storage,
    private readonly isKept: () => boolean,
    private readonly onFailure: (thrown: unknown) => void,
    /** There when what was kept before could not be opened, and `storage` stands in for it. */
    readonly unreadable?: Unreadable,
  ) {}

  get state(): Readable<Listed> {
    return this.store;
  }

  /** Keeps a finished answer, or the user's change of it, unless the history is switched off. What was stopped or is empty is not kept. */
  async keep({ id, request, owner, state: { answer, text, at } }: FinishedItem): Promise<void> {
    if (!this.isKept() || text === '' || answer.statistics.finishReason === 'cancelled') return;
    const { input, mainTask, into } = request;
    const tasks = [mainTask, ...into];
    await this.trying(() => this.storage.keep({ id, at, tasks, mode: answer.statistics.mode, text, input, ...(owner !== undefined && { owner }) }));
  }

  /** Keeps all that another history holds, unless the history is switched off. */
  async takeOver(other: History): Promise<void> {
    if (!this.isKept()) return;
    await this.trying(async () => {
      for await (const entry of other.all()) await this.storage.keep(entry);
    });
  }

  /** Lists the newest with these words; without, all. */
  async search(words: string): Promise<void> {
    this.store.set({ ...this.store.get(), words, loading: true });
    await this.read(words, []);
  }

  async readMore(): Promise<void> {
    const { words, heads, more, loading } = this.store.get();
    if (!more || loading) return;
    this.store.set({ ...this.store.get(), loading: true });
    await this.read(words, heads);
  }

  /** Undefined when it is no longer there. */
  async entry(id: string): Promise<HistoryEntry | undefined> {
    return this.trying(() => this.storage.entry(id));
  }

  /** What brings it back; undefined when it was not there, or could not be removed. */
  async remove(id: string): Promise<(() => Promise<void>) | undefined> {
    const listed = this.store.get();
    this.store.set({ ...listed, heads: listed.heads.filter(head => head.id !== id) });
    return this.trying(async () => {
      const entry = await this.storage.entry(id);
      await this.storage.remove(id);
      return entry && (() => this.restore(entry));
    });
  }

  async removeAll(): Promise<void> {
    await this.trying(() => this.storage.removeAll());
    await this.search(this.store.get().words);
  }

  /** Every entry, newest first, read one after another. */
  async *all(): AsyncGenerator<HistoryEntry> {
    let before: HistoryHead | undefined;
    for (;;) {
      const heads: HistoryHead[] = await this.storage.heads({ words: '', limit: PAGE, ...(before && { before }) });
      for (const { id } of heads) {
        const entry = await this.storage.entry(id);
        if (entry) yield entry;
      }
      before = heads.at(-1);
      if (heads.length < PAGE) return;
    }
  }

  private async restore(entry: HistoryEntry): Promise<void> {
    await this.trying(() => this.storage.keep(entry));
    await this.search(this.store.get().words);
  }

  private async read(words: string, above: readonly HistoryHead[]): Promise<void> {
    this.asked += 1;
    const asked = this.asked;
    const before = above.at(-1);
    const page = await this.trying(() => this.storage.heads({ words, limit: PAGE, ...(before && { before }) }));
    if (asked !== this.asked) return;
    this.store.set({ words, heads: [...above, ...(page ?? [])], more: page?.length === PAGE, loading: false });
  }

  private async trying<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      this.onFailure(thrown);
      return undefined;
    }
  }
}
