import type { Cleaning, FileLibrary, ImportFile } from './bindingLibrary';
import type { ImportKind, InstalledBundle, Library, OnImportProgress } from './library';

/** A file that the user picked. */
export type Picked = {
  /** May wait for a network; an abort ends that at once, as a failure. */
  open: (signal: AbortSignal) => Promise<ImportFile>;
  /** Gives it back; then it can no longer be opened. */
  release: () => void;
};

/** A file that was picked before the process ended, and has not been released. */
export type Held = Picked & { id: string; name: string; kind: ImportKind };

export type FilePicker = {
  /** Undefined when the user went back. */
  pick: (kind: ImportKind) => Promise<Picked | undefined>;
  held: () => Promise<Held[]>;
};

/** The library of a device on which the user picks files, and which remembers them over the end of the process. */
export function pickedImports(library: FileLibrary & Cleaning, { pick, held }: FilePicker): Library {
  const take = async (kind: ImportKind, picked: Picked, onProgress: OnImportProgress, signal: AbortSignal): Promise<InstalledBundle | undefined> => {
    try {
      return signal.aborted ? undefined : await library.importFile(kind, await picked.open(signal), onProgress, signal);
    } catch (thrown) {
      if (signal.aborted) return undefined; // while it was being opened
      throw thrown;
    } finally {
      // Only the end of the process leaves it held: what failed or was aborted is picked again.
      picked.release();
    }
  };
  const find = async (wanted: string) => (await held()).find(({ id }) => id === wanted);
  return {
    list: library.list,
    use: library.use,
    remove: library.remove,
    importPicked: async (kind, onProgress, signal) => {
      const picked = await pick(kind);
      return picked && take(kind, picked, onProgress, signal);
    },
    unfinished: {
      list: async () => (await held()).map(({ id, name }) => ({ id, name })),
      resume: async (id, onProgress, signal) => {
        const file = await find(id);
        return file && take(file.kind, file, onProgress, signal);
      },
      forget: async id => {
        (await find(id))?.release();
        // What it copied is of no more use, unless another import goes on with it.
        if ((await held()).length === 0) await library.clean();
      },
    },
  };
}
