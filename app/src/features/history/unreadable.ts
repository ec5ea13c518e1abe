import { StorageError, type StoragePlace } from '../../core/storage/storage';
import { Store, type Readable } from '../../core/store';

/** `lost`: nobody can read it any more. Otherwise it may open later. */
export type UnreadableState = { lost: boolean; busy: boolean };

/** A history that did not open when the app started, and what mends it. Until then the app keeps nothing. */
export class Unreadable {
  private readonly store: Store<UnreadableState>;

  constructor(
    cause: unknown,
    private readonly place: StoragePlace,
    private readonly onFailure: (thrown: unknown) => void,
    /** The history can be read: all that lives on it begins again. */
    private readonly onReadable: () => void,
  ) {
    this.store = new Store({ lost: isLost(cause), busy: false });
  }

  get state(): Readable<UnreadableState> {
    return this.store;
  }

  async retry(): Promise<void> {
    await this.trying(this.place.open);
  }

  /** Deletes the history that cannot be read, and the settings beside it. */
  async startNew(): Promise<void> {
    await this.trying(this.place.startNew);
  }

  private async trying(open: () => Promise<unknown>): Promise<void> {
    const { lost, busy } = this.store.get();
    if (busy) return;
    this.store.set({ lost, busy: true });
    try {
      await open();
    } catch (thrown) {
      this.onFailure(thrown);
      this.store.set({ lost: isLost(thrown), busy: false });
      return;
    }
    this.onReadable();
  }
}

function isLost(thrown: unknown): boolean {
  return thrown instanceof StorageError && thrown.kind === 'lost';
}
