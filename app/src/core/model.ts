import type { BundleInfo, Core, CoreSession, OpenOptions } from './contract';
import { CoreError, isNoBundle } from './errors';
import { Store, type Readable } from './store';

export type ModelState =
  /** `bundle` is what it offered and will offer when it is used again; absent where another may have taken its place. */
  | { kind: 'closed'; bundle?: BundleInfo }
  /** `bundle` is what it says it offers; it is still being verified. */
  | { kind: 'loading'; bundle?: BundleInfo }
  | { kind: 'ready'; bundle: BundleInfo }
  | { kind: 'failed'; error: CoreError }
  /** No bundle is there to be loaded. */
  | { kind: 'missing' };

/** What can be asked for, also while the model is loaded or sleeps. */
export function bundleOf(state: ModelState): BundleInfo | undefined {
  return 'bundle' in state ? state.bundle : undefined;
}

/**
 * Owns the one session of the app: a model is about a gigabyte, so there is never a second, and one that is
 * no longer wanted is closed even if its loading ends later.
 */
export class Model {
  private readonly store = new Store<ModelState>({ kind: 'closed' });
  private session: Promise<CoreSession> | undefined;
  /** Of the models that were closed, and of the loads that were cut short. */
  private leaving: Promise<unknown> = Promise.resolve();
  private readonly usesStore = new Store(0);
  private idleLimit: number | undefined;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly core: Core,
    private readonly options: () => OpenOptions = () => ({}),
  ) {}

  get state(): Readable<ModelState> {
    return this.store;
  }

  /** How many use it now, or wait for it. */
  get uses(): Readable<number> {
    return this.usesStore;
  }

  /** The open session; loads it when there is none, also after a failure. Throws CoreError. */
  load(): Promise<CoreSession> {
    this.session ??= this.open();
    return this.session;
  }

  /** Does `work` with the open session; until it ends the model is not freed for being idle. Throws CoreError when it cannot be loaded. */
  async use<T>(work: (session: CoreSession) => Promise<T>): Promise<T> {
    this.usesStore.set(this.uses.get() + 1);
    this.watchIdleness();
    try {
      return await work(await this.load());
    } finally {
      this.usesStore.set(this.uses.get() - 1);
      this.watchIdleness();
    }
  }

  /** Frees the model when it has not been used for so many milliseconds; undefined keeps it. */
  freeWhenIdle(after: number | undefined): void {
    this.idleLimit = after;
    this.watchIdleness();
  }

  /** Frees the model at once unless it is being used; what it offers stays known, as only a use of it loads it again. */
  freeIfIdle(): void {
    const bundle = bundleOf(this.store.get());
    if (this.uses.get() === 0 && this.session && bundle) this.free({ kind: 'closed', bundle });
  }

  /** Frees the model and forgets its bundle. A load that is under way ends in a failure for those who wait for it. */
  close(): void {
    this.free({ kind: 'closed' });
  }

  /** Resolves when what the closed models held is free, also that of a load that was cut short: no load can be stopped. */
  async freed(): Promise<void> {
    await this.leaving;
  }

  private free(state: ModelState): void {
    clearTimeout(this.idleTimer);
    const gone = this.session?.then(
      open => open.close(),
      () => undefined, // nothing was opened, or `open` has closed it
    );
    this.leaving = Promise.all([this.leaving, gone]);
    this.session = undefined;
    this.store.set(state);
  }

  private watchIdleness(): void {
    clearTimeout(this.idleTimer);
    if (this.idleLimit === undefined || this.uses.get() > 0 || !this.session) return;
    this.idleTimer = setTimeout(() => {
      // What is still loading is wanted.
      if (this.store.get().kind === 'ready') this.freeIfIdle();
    }, this.idleLimit);
  }

  private open(): Promise<CoreSession> {
    const last = bundleOf(this.store.get());
    this.store.set({ kind: 'loading', ...(last && { bundle: last }) });
    this.core.inspect().then(
      bundle => {
        if (this.session === opening && this.store.get().kind === 'loading') this.store.set({ kind: 'loading', bundle });
      },
      () => undefined, // `open` fails for the same reason and reports it
    );
    const opening: Promise<CoreSession> = this.core.open(this.options()).then(
      async session => {
        if (this.session !== opening) {
          await session.close();
          throw closedWhileLoading();
        }
        this.store.set({ kind: 'ready', bundle: session.bundle });
        this.watchIdleness();
        return session;
      },
      (thrown: unknown) => {
        const error = CoreError.from(thrown);
        if (this.session === opening) {
          this.session = undefined;
          this.store.set(isNoBundle(error) ? { kind: 'missing' } : { kind: 'failed', error });
        }
        throw error;
      },
    );
    return opening;
  }
}

function closedWhileLoading(): CoreError {
  return new CoreError({ source: 'closed', kind: 'closed', message: 'the model was closed while it was being loaded' });
}
