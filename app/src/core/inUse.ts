import type { LibraryParts } from './bindingLibrary';
import type { Storage } from './storage/storage';

const KEY = 'bundle';

/** Remembers the bundle in use in the app's storage. Where that fails, as long as the process runs: a model needs no history. */
export function inUseInStorage(open: () => Promise<Storage>): LibraryParts['inUse'] {
  let written: string | undefined;
  return {
    read: async () => {
      if (written !== undefined) return written;
      try {
        return await (await open()).read(KEY);
      } catch {
        return undefined;
      }
    },
    write: async id => {
      written = id;
      try {
        await (await open()).write(KEY, id);
      } catch {
        // The storage's failure is told where it is opened; the choice lasts until the app ends.
      }
    },
  };
}
