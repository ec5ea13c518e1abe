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

/** The bundles on the device. Each call may throw CoreError. */
export interface Library {
  list: () => Promise<InstalledBundle[]>;
  /**
   * Lets the user pick a bundle, or a base model that one of them needs, and takes it in; what was there stays until the new one is whole and
   * checked. An import that was cut short goes on where it ended. Gives the bundle; undefined for a base model, when the user went back, or when it
   * was aborted.
   */
  importPicked: (kind: ImportKind, onProgress: (progress: ImportProgress) => void, signal: AbortSignal) => Promise<InstalledBundle | undefined>;
  /** From the next load on, the model is this bundle's. */
  use: (id: string) => Promise<void>;
  /** Files that other bundles need stay. */
  remove: (id: string) => Promise<void>;
}
