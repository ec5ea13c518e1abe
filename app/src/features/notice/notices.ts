import { CoreError } from '../../core/errors';
import { StorageError } from '../../core/storage/storage';
import { Store, type Readable } from '../../core/store';
import type { ErrorKind } from '../../ui/errorText';

/** Something to be told in passing; its text is in the catalogues. */
export type Notice =
  | 'history-full'
  | 'history-lost'
  | 'history-failed'
  /** Less is read from now on. */
  | 'low-memory'
  | 'short-of-memory'
  | 'crash'
  | 'replaced'
  | 'replace-failed'
  | 'import-empty'
  | 'exported'
  | 'no-voice'
  | 'failed'
  /** Something could not be read or saved, for a reason that the user can mend. */
  | { refused: ErrorKind }
  /** Something was deleted; the function brings it back. */
  | { undo: () => void };

/** One showing of a notice: the same one that is told again is another. */
export type Shown = { notice: Notice };

/** The one notice that is shown, if any. */
export class Notices {
  private readonly store = new Store<Shown | undefined>(undefined);

  get state(): Readable<Shown | undefined> {
    return this.store;
  }

  show(notice: Notice): void {
    this.store.set({ notice });
  }

  readonly dismiss = (): void => {
    this.store.set(undefined);
  };

  /** A failure of the storage or of a file that was to be saved; anything else is a mistake in the app, of which the user is told no more than that. */
  readonly showFailure = (thrown: unknown): void => {
    if (thrown instanceof StorageError) this.show(`history-${thrown.kind}`);
    else this.show(thrown instanceof CoreError && thrown.source === 'document' ? { refused: thrown } : 'failed');
  };
}
