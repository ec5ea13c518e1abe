import type { BundleInfo } from './contract';
import type { CoreErrorFields } from './errors';

/** Whether a model's memory can be had: `tight` means that other apps will be ended for it. */
export type MemoryFit = 'fits' | 'tight' | 'wont-fit';

/** A bundle on the device. */
export type InstalledBundle = {
  id: string;
  inUse: boolean;
  state:
    | { kind: 'ready'; bundle: BundleInfo; fit: MemoryFit }
    /** The base model that it was made for is not there. */
    | { kind: 'needs-base'; bundle: BundleInfo }
    | { kind: 'broken'; error: CoreErrorFields };
};

export type ImportKind = 'bundle' | 'base';

export type ImportProgress = { phase: 'copying' | 'verifying'; doneBytes: number; totalBytes: number };

export type OnImportProgress = (progress: ImportProgress) => void;

/** The bundles on the device. Each call may throw CoreError. */
export interface Library {
  /** With `loaded`, the model of the bundle in use is in memory: it fits, and what it holds is free for another, as it goes first. */
  list: (loaded?: boolean) => Promise<InstalledBundle[]>;
  /**
   * Lets the user pick a bundle, or a base model that one of them needs, and takes it in; what was there stays until the new one is whole and
   * checked. An import that was cut short goes on where it ended. Gives the bundle; undefined for a base model, when the user went back, or when it
   * was aborted.
   */
  importPicked: (kind: ImportKind, onProgress: OnImportProgress, signal: AbortSignal) => Promise<InstalledBundle | undefined>;
  /** From the next load on, the model is this bundle's. */
  use: (id: string) => Promise<void>;
  /** Files that other bundles need stay. */
  remove: (id: string) => Promise<void>;
  /** Absent where a picked file is forgotten when the process ends. */
  unfinished?: UnfinishedImports;
}

/** An import that the end of the process cut short; the file is still at hand. `name` is the file's, for the screen. */
export type UnfinishedImport = { id: string; name: string };

export interface UnfinishedImports {
  list: () => Promise<UnfinishedImport[]>;
  /** As `Library.importPicked`, of that file. */
  resume: (id: string, onProgress: OnImportProgress, signal: AbortSignal) => Promise<InstalledBundle | undefined>;
  /** The file is given back, unread. */
  forget: (id: string) => Promise<void>;
}
