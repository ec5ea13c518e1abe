import type { BundleInfo, Core, CoreSession } from './contract';
import { CoreError } from './errors';
import { Store, type Readable } from './store';

export type ModelState =
  | { kind: 'closed' }
  /** `bundle` is what it says it offers; it is still being verified. */
  | { kind: 'loading'; bundle?: BundleInfo }
  | { kind: 'ready'; bundle: BundleInfo }
  | { kind: 'failed'; error: CoreError };

/**
 * Owns the one session of the app: a model is about a gigabyte, so there is never a second, and one that is
 * no longer wanted is closed even if its loading ends later.
 */
export class Model {
  private readonly store = new Store<ModelState>({ kind: 'closed' });
  private session: Promise<CoreSession> | undefined;

  constructor(private readonly core: Core) {}

  get state(): Readable<ModelState> {
    return this.store;
  }

  /** The open session; loads it when there is none, also after a failure. Throws CoreError. */
  load(): Promise<CoreSession> {
    this.session ??= this.open();
    return this.session;
  }

  /** Frees the model. A load that is under way ends in a failure for those who wait for it. */
  close(): void {
    const session = this.session;
    this.session = undefined;
    this.store.set({ kind: 'closed' });
    session?.then(
      open => {
        open.close();
      },
      () => undefined, // nothing was opened, or `open` has closed it
    );
  }

  private open(): Promise<CoreSession> {
    this.store.set({ kind: 'loading' });
    this.core.inspect().then(
      bundle => {
        if (this.session === opening && this.store.get().kind === 'loading') this.store.set({ kind: 'loading', bundle });
      },
      () => undefined, // `open` fails for the same reason and reports it
    );
    const opening: Promise<CoreSession> = this.core.open().then(
      session => {
        if (this.session !== opening) {
          session.close();
          throw closedWhileLoading();
        }
        this.store.set({ kind: 'ready', bundle: session.bundle });
        return session;
      },
      (thrown: unknown) => {
        const error = CoreError.from(thrown);
        if (this.session === opening) {
          this.session = undefined;
          this.store.set({ kind: 'failed', error });
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
