import type { CodegenTypes, TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** One thing that the user gave to the app from another app. Codegen reads this file: the names must stay. */
export type SharedItem = {
  /** Names the item for `replace` and `discard`. */
  id: string;
  kind: 'text' | 'file' | 'refused';
  /** The shared or selected text, at most 500,000 UTF-16 units; null for other kinds. */
  text: string | null;
  /** Absolute path of a private copy, ending in `.txt` (at most 16 MiB) or `.zip` (at most 256 MiB); null for other kinds. `discard` deletes it. */
  path: string | null;
  /** The text was selected where it can be edited: `replace` writes an answer in its place. */
  replaceable: boolean;
  /** Why the item was refused; null for other kinds. `not-a-chat`: neither text nor a .txt or .zip file. `unreadable`: the other app did not give it. */
  refusal: 'empty' | 'too-large' | 'not-a-chat' | 'unreadable' | 'no-space' | null;
};

/**
 * What other apps share with this one: ACTION_SEND and ACTION_SEND_MULTIPLE of text, .txt and .zip, and ACTION_PROCESS_TEXT. An item waits on the
 * device, through the end of the process too, until it is taken; it is given out once.
 */
export interface Spec extends TurboModule {
  /** The oldest item that waits, which then waits no more; null when there is none. Call it at the start and after each `onShared`, until null. */
  take(): Promise<SharedItem | null>;
  /** An item from a document that the user picked (`NativeDocuments.pick('chat')`): the same limits, refusals and care for the copy. */
  read(uri: string): Promise<SharedItem>;
  /** Cuts short the `read` that was asked for last: its item is `unreadable`. */
  cancelRead(): void;
  /** Deletes an item's file; without one, does nothing. */
  discard(id: string): void;
  /** Writes `text` where the item was selected and goes back to that app. False when nobody waits for it any more: nothing was written. */
  replace(id: string, text: string): Promise<boolean>;
  /** Something new waits. */
  readonly onShared: CodegenTypes.EventEmitter<void>;
}

export default TurboModuleRegistry.getEnforcing<Spec>('ShareInbox');
