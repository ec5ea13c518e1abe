import {
  ImportPhase,
  ImportSource,
  Library as NativeLibrary,
  LibraryError,
  LibraryError_Tags,
  memoryFit,
  MemoryFit as NativeFit,
  StoredState_Tags,
  TandemError,
  type LibraryLike,
  type StoredBundle,
} from '#binding';

import { bundleInfo, coreError } from './bindingCore';
import { CoreError, type CoreErrorFields } from './errors';
import type { ImportKind, InstalledBundle, Library, MemoryFit, OnImportProgress } from './library';

/** A file to be imported: at a path, or an open descriptor, which the core then closes. */
export type ImportFile = { path: string } | { descriptor: number };

export type LibraryParts = {
  /** Absolute path of the folder that the library keeps its files in; made when it is missing. */
  root: () => string;
  /** Remembers the bundle in use by its id. */
  inUse: { read: () => Promise<string | undefined>; write: (id: string) => Promise<void> };
  /** Memory that is free, in bytes. */
  availableBytes: () => number;
  /** The text of a minisign public key; with it, only bundles that are signed with it are taken in and used. */
  trustedKey?: string | undefined;
};

/** Remembers the bundle in use as long as the process runs. */
export function inUseInMemory(): LibraryParts['inUse'] {
  let inUse: string | undefined;
  return {
    read: () => Promise.resolve(inUse),
    write: id => {
      inUse = id;
      return Promise.resolve();
    },
  };
}

export type StoredPlace = { library: LibraryLike; bundleId: string };

/** A library that takes in files which are at hand; who picks them is another's matter. */
export type FileLibrary = Pick<Library, 'list' | 'use' | 'remove'> & {
  /** As `Library.importPicked`. */
  importFile: (kind: ImportKind, file: ImportFile, onProgress: OnImportProgress, signal: AbortSignal) => Promise<InstalledBundle | undefined>;
};

/** Removes what interrupted imports left. */
export type Cleaning = { clean: () => Promise<void> };

/** The library over the generated binding. `place` is the bundle in use, for the core; undefined where there is none. */
export function bindingLibrary(parts: LibraryParts): FileLibrary & Cleaning & { place: () => Promise<StoredPlace | undefined> } {
  let opened: LibraryLike | undefined;
  const library = () => (opened ??= NativeLibrary.open(parts.root(), parts.trustedKey));

  /** The one that was chosen, or the first that can be used when that is gone. */
  const idInUse = async (stored: StoredBundle[]): Promise<string | undefined> => {
    const chosen = await parts.inUse.read();
    return (stored.find(({ id }) => id === chosen) ?? stored.find(({ state }) => state.tag === StoredState_Tags.Ready) ?? stored[0])?.id;
  };
  const heldBytes = (id: string): number => {
    try {
      return Number(library().memoryNeed(id).residentBytes);
    } catch {
      return 0; // the model in memory came from elsewhere
    }
  };
  const list = (loaded = false) =>
    rethrowing(async () => {
      const stored = library().bundles();
      const inUse = await idInUse(stored);
      const inMemory = loaded ? inUse : undefined;
      const availableBytes = parts.availableBytes() + (inMemory === undefined ? 0 : heldBytes(inMemory));
      const fitOf = (id: string): MemoryFit =>
        id === inMemory ? 'fits' : fits[memoryFit(library().memoryNeed(id), BigInt(Math.max(0, Math.floor(availableBytes))))];
      return stored.map((bundle): InstalledBundle => {
        try {
          return installedBundle(bundle, bundle.id === inUse, fitOf);
        } catch (thrown) {
          // One that cannot be judged, as its base cannot be read, keeps no other from being shown, and can be removed.
          return { id: bundle.id, inUse: bundle.id === inUse, state: { kind: 'broken', error: asCoreError(thrown).toJSON() } };
        }
      });
    });

  return {
    list,
    importFile: (kind, file, onProgress, signal) =>
      rethrowing(async () => {
        const stop = () => {
          library().cancelImport();
        };
        const sink = {
          onProgress: ({ phase, doneBytes, totalBytes }: { phase: ImportPhase; doneBytes: bigint; totalBytes: bigint }) => {
            onProgress({ phase: phase === ImportPhase.Copying ? 'copying' : 'verifying', doneBytes: Number(doneBytes), totalBytes: Number(totalBytes) });
            // Aborted before the import began: only now is there something to stop.
            if (signal.aborted) stop();
          },
        };
        signal.addEventListener('abort', stop);
        try {
          if (kind === 'base') {
            await library().importBase(importSource(file), sink);
            return undefined;
          }
          const id = await library().importBundle(importSource(file), sink);
          return (await list()).find(bundle => bundle.id === id);
        } catch (thrown) {
          if (!signal.aborted) throw thrown;
          return undefined;
        } finally {
          signal.removeEventListener('abort', stop);
        }
      }),
    use: id => rethrowing(() => parts.inUse.write(id)),
    remove: id =>
      rethrowing(() => {
        library().remove(id);
        return Promise.resolve();
      }),
    clean: () =>
      rethrowing(() => {
        library().clean();
        return Promise.resolve();
      }),
    place: () =>
      rethrowing(async () => {
        const bundleId = await idInUse(library().bundles());
        return bundleId === undefined ? undefined : { library: library(), bundleId };
      }),
  };
}

function importSource(source: ImportFile) {
  return 'path' in source ? new ImportSource.Path(source) : new ImportSource.Descriptor(source);
}

function installedBundle({ id, state, info }: StoredBundle, inUse: boolean, fitOf: (id: string) => MemoryFit): InstalledBundle {
  if (state.tag === StoredState_Tags.Broken) return { id, inUse, state: { kind: 'broken', error: { source: 'bundle', ...state.inner } } };
  if (!info) return { id, inUse, state: { kind: 'broken', error: unreadable } };
  const bundle = bundleInfo(info);
  if (state.tag === StoredState_Tags.NeedsBase) return { id, inUse, state: { kind: 'needs-base', bundle } };
  return { id, inUse, state: { kind: 'ready', bundle, fit: fitOf(id) } };
}

const unreadable: CoreErrorFields = { source: 'bundle', kind: 'bundle-broken', message: 'the bundle cannot be read; import it again' };

const fits: Record<NativeFit, MemoryFit> = { [NativeFit.Fits]: 'fits', [NativeFit.Tight]: 'tight', [NativeFit.WontFit]: 'wont-fit' };

async function rethrowing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asCoreError(thrown);
  }
}

function asCoreError(thrown: unknown): CoreError {
  if (LibraryError.instanceOf(thrown)) return libraryError(thrown);
  return TandemError.instanceOf(thrown) ? coreError(thrown) : CoreError.from(thrown);
}

function libraryError(error: LibraryError): CoreError {
  switch (error.tag) {
    case LibraryError_Tags.Refused:
      return new CoreError({ source: 'bundle', ...error.inner });
    case LibraryError_Tags.NoSpace:
    case LibraryError_Tags.MissingFiles:
    case LibraryError_Tags.Library:
      return new CoreError({ source: 'library', kind: error.inner.kind, message: error.inner.message });
  }
}
