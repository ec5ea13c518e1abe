import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** A file that the user picked in the system's picker. Codegen reads this file: the names must stay. */
export type PickedDocument = {
  /** A content: address, for this module's calls only. */
  uri: string;
  /** The file's name as its provider tells it: for the screen, never a path. */
  name: string;
  /** null where the provider does not tell. */
  bytes: number | null;
};

/**
 * Documents of the system's picker (Storage Access Framework): no storage permission, and no copy in memory. Errors have a `code`: `busy` (a picker is
 * open already), `no-picker`, `not-picked` (this app may not read that address, or may no longer), `unreadable`, `not-a-file` (its provider streams it
 * instead of giving a file; the user copies it to the phone's storage first), `unwritable`, `cancelled`.
 */
export interface Spec extends TurboModule {
  /** Lets the user pick one file; null when the user went back. For `bundle` and `base` the right to read it lasts until `release`, also over a restart. */
  pick(kind: 'bundle' | 'base' | 'chat'): Promise<PickedDocument | null>;
  /** The documents that were picked and not yet released: what an import that was cut short, by the end of the process too, goes on with. */
  held(): Promise<PickedDocument[]>;
  /** Opens a document and gives its file descriptor, for reading. It belongs to the caller: the device core that is handed it closes it, or `close` does. */
  open(uri: string): Promise<number>;
  /** Ends an `open` that waits, as for a file in a cloud: it fails with `cancelled`, if its provider heeds that. No other call waits behind it. */
  cancel(): void;
  /** Closes a descriptor of `open` that was handed to nobody. */
  close(descriptor: number): void;
  /** Gives back the right to read a document. */
  release(uri: string): void;
  /** Lets the user choose where `text` is saved, in UTF-8. False when the user went back. */
  save(name: string, mimeType: string, text: string): Promise<boolean>;
  /** Bytes that the app may still write to its own files. */
  freeBytes(): number;
}

export default TurboModuleRegistry.getEnforcing<Spec>('Documents');
