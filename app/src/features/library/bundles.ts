import { CoreError } from '../../core/errors';
import type { ImportKind, ImportProgress, InstalledBundle, Library } from '../../core/library';
import type { Model } from '../../core/model';
import { Store, type Readable } from '../../core/store';

export type BundlesState = {
  /** Undefined until they are known. */
  bundles?: readonly InstalledBundle[];
  /** What an import is doing; `choosing` while the user picks. */
  importing?: ImportProgress | 'choosing';
  /** Why the last call failed. */
  error?: CoreError;
};

/** The bundles on the device, and the model's change when another one is used. */
export class Bundles {
  private readonly store = new Store<BundlesState>({});
  private aborting: AbortController | undefined;

  constructor(
    private readonly library: Library,
    private readonly model: Pick<Model, 'close' | 'load'>,
  ) {}

  get state(): Readable<BundlesState> {
    return this.store;
  }

  async refresh(): Promise<void> {
    await this.trying(() => Promise.resolve());
  }

  /** Imports one, and uses it when it can be used. One at a time: a second call while one is under way does nothing. */
  async importPicked(kind: ImportKind): Promise<void> {
    if (this.aborting) return;
    const aborting = new AbortController();
    this.aborting = aborting;
    this.store.set({ ...this.store.get(), importing: 'choosing' });
    await this.trying(async () => {
      const imported = await this.library.importPicked(
        kind,
        progress => {
          if (this.aborting === aborting) this.store.set({ ...this.store.get(), importing: progress });
        },
        aborting.signal,
      );
      if (imported?.state.kind === 'ready' && imported.state.fit !== 'wont-fit') await this.change(() => this.library.use(imported.id));
      // A bundle that waited for its base may be the one in use.
      if (kind === 'base' && !aborting.signal.aborted) await this.change(() => Promise.resolve());
    });
  }

  /** Ends an import; it can be taken up again later. */
  cancel(): void {
    this.aborting?.abort();
  }

  async use(id: string): Promise<void> {
    await this.trying(() => this.change(() => this.library.use(id)));
  }

  async remove(id: string): Promise<void> {
    const inUse = this.store.get().bundles?.some(bundle => bundle.id === id && bundle.inUse) === true;
    await this.trying(() => (inUse ? this.change(() => this.library.remove(id)) : this.library.remove(id)));
  }

  /** The model of before must let its files go first. */
  private async change(work: () => Promise<void>): Promise<void> {
    this.model.close();
    await work();
    this.model.load().catch(() => undefined); // the model's state tells
  }

  /** Whatever comes of it, the list is read anew and nothing goes on turning. */
  private async trying(work: () => Promise<void>): Promise<void> {
    let error: CoreError | undefined;
    const failed = (thrown: unknown) => {
      error ??= CoreError.from(thrown);
    };
    await work().catch(failed);
    const bundles = await this.library.list().catch((thrown: unknown) => {
      failed(thrown);
      return this.store.get().bundles ?? [];
    });
    this.aborting = undefined;
    this.store.set({ bundles, ...(error && { error }) });
  }
}
