import { CoreError } from '../../core/errors';
import type { ImportKind, ImportProgress, InstalledBundle, Library, OnImportProgress, UnfinishedImport } from '../../core/library';
import type { Model } from '../../core/model';
import { Store, until, type Readable } from '../../core/store';

export type BundlesState = {
  /** Undefined until they are known. */
  bundles?: readonly InstalledBundle[];
  /** An import that the end of the process cut short. */
  unfinished?: UnfinishedImport;
  /** What an import is doing; `choosing` while the user picks. */
  importing?: ImportProgress | 'choosing';
  /** Why the last action failed, or the list could not be read. */
  error?: CoreError;
};

/** What is asked of the model. */
export type Asked = {
  stop: () => void;
  /** Resolves when nothing is. */
  idle: () => Promise<void>;
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

/** The bundles on the device, and the model's change when another one is used. */
export class Bundles {
  private readonly store = new Store<BundlesState>({});
  private aborting: AbortController | undefined;
  /** Of the last action. */
  private failure: CoreError | undefined;

  constructor(
    private readonly library: Library,
    private readonly model: Pick<Model, 'state' | 'close' | 'load' | 'freed'>,
    private readonly asked: Asked,
  ) {}

  get state(): Readable<BundlesState> {
    return this.store;
  }

  /** Reads the list anew, for a user who has seen what failed. */
  async refresh(): Promise<void> {
    await this.trying(() => Promise.resolve());
  }

  /** Reads the list anew. What failed while nobody looked stays to be told, until the next action. */
  async open(): Promise<void> {
    await this.read();
  }

  /** As `open`, and again when a model has come into memory or gone out of it: what is free is then another. The returned function ends that. */
  follow(): () => void {
    void this.open();
    let { kind } = this.model.state.get();
    return this.model.state.subscribe(() => {
      const before = kind;
      ({ kind } = this.model.state.get());
      // An import that puts one in use reads the list when it is over.
      if (kind !== before && kind !== 'loading' && !this.aborting) void this.open();
    });
  }

  /** Imports one, and uses it when it can be used. One at a time: a second call while one is under way does nothing. */
  async importPicked(kind: ImportKind): Promise<void> {
    await this.importing('choosing', (onProgress, signal) => this.library.importPicked(kind, onProgress, signal));
  }

  /** Goes on with an import that was cut short; otherwise as `importPicked`. */
  async resume(id: string): Promise<void> {
    await this.importing({ phase: 'copying', doneBytes: 0, totalBytes: 0 }, async (onProgress, signal) =>
      this.library.unfinished?.resume(id, onProgress, signal),
    );
  }

  /** Ends an import; it can be taken up again later. */
  cancel(): void {
    this.aborting?.abort();
  }

  /** Leaves an import that was cut short as it is: nothing of it is used. */
  async forget(id: string): Promise<void> {
    await this.trying(async () => this.library.unfinished?.forget(id));
  }

  async use(id: string): Promise<void> {
    await this.trying(() => this.changeNow(() => this.library.use(id)));
  }

  async remove(id: string): Promise<void> {
    const inUse = this.store.get().bundles?.some(bundle => bundle.id === id && bundle.inUse) === true;
    await this.trying(() => (inUse ? this.changeNow(() => this.library.remove(id)) : this.library.remove(id)));
  }

  private async importing(
    first: ImportProgress | 'choosing',
    work: (onProgress: OnImportProgress, signal: AbortSignal) => Promise<InstalledBundle | undefined>,
  ): Promise<void> {
    if (this.aborting) return;
    const aborting = new AbortController();
    const { signal } = aborting;
    this.aborting = aborting;
    const show = (importing: ImportProgress | 'choosing') => {
      if (this.aborting === aborting) this.store.set({ ...this.store.get(), importing });
    };
    show(first);
    await this.trying(async () => {
      try {
        const imported = await Promise.race([work(show, signal), this.gaveUpChoosing(signal)]);
        // A bundle that waited for the base model that was imported may be the one in use.
        const changes = imported ? await this.canBeUsed(imported.id, signal) : this.store.get().importing !== 'choosing';
        // It comes when it is ready, and must not end what the user is waiting for.
        if (changes && !signal.aborted) await Promise.race([this.asked.idle(), aborted(signal)]);
        if (changes && !signal.aborted) await this.change(async () => imported && this.library.use(imported.id));
      } finally {
        this.aborting = undefined;
      }
    });
  }

  /** A picker that never answers must not keep the user waiting. What is copying ends by itself, soon after it is told. */
  private gaveUpChoosing(signal: AbortSignal): Promise<undefined> {
    return new Promise(resolve => {
      signal.addEventListener('abort', () => {
        if (this.store.get().importing === 'choosing') resolve(undefined);
      });
    });
  }

  private async canBeUsed(id: string, signal: AbortSignal): Promise<boolean> {
    // What a model takes that is on its way into memory is known, and free for another, when it is there.
    await Promise.race([until(this.model.state, ({ kind }) => kind !== 'loading'), aborted(signal)]);
    const state = (await this.list()).find(bundle => bundle.id === id)?.state;
    return state?.kind === 'ready' && state.fit !== 'wont-fit';
  }

  /** What is free is measured when the models of before are gone. */
  private async list(): Promise<InstalledBundle[]> {
    await this.model.freed();
    return this.library.list(this.model.state.get().kind === 'ready');
  }

  /** As the user wants it: what is being written ends. A model whose answer is still running would stay in memory beside the next. */
  private async changeNow(work: () => Promise<void>): Promise<void> {
    this.asked.stop();
    // One that is still loading runs nothing, and is let go of at once.
    if (this.model.state.get().kind === 'ready') await this.asked.idle();
    await this.change(work);
  }

  /** The model of before must let its files go first. */
  private async change(work: () => Promise<void>): Promise<void> {
    this.model.close();
    await work();
    this.model.load().catch(() => undefined); // the model's state tells
  }

  /** Whatever comes of it, the list is read anew and nothing goes on turning but an import that is under way. */
  private async trying(work: () => Promise<void>): Promise<void> {
    this.failure = undefined;
    const { error, ...told } = this.store.get();
    if (error) this.store.set(told);
    await work().catch((thrown: unknown) => {
      this.failure = CoreError.from(thrown);
    });
    await this.read();
  }

  private async read(): Promise<void> {
    let unread: CoreError | undefined;
    const failed = (thrown: unknown) => {
      unread ??= CoreError.from(thrown);
    };
    const bundles = await this.list().catch((thrown: unknown) => {
      failed(thrown);
      return this.store.get().bundles ?? [];
    });
    const unfinished = await this.unfinished().catch(failed);
    const { importing } = this.store.get();
    const error = this.failure ?? unread;
    this.store.set({
      bundles,
      ...(unfinished && { unfinished }),
      ...(this.aborting && importing !== undefined && { importing }),
      ...(error && { error }),
    });
  }

  /** The file of an import that is under way is none. */
  private async unfinished(): Promise<UnfinishedImport | undefined> {
    const [first] = this.aborting ? [] : ((await this.library.unfinished?.list()) ?? []);
    return first;
  }
}
