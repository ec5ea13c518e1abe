import type { ChatMessage } from './contract';
import type { Library } from './library';

/**
 * What the app asks of the system it runs on, beside the core. What a system does not have is absent, and then not offered:
 * the preview has no app lock. Chosen where the app is put together.
 */
export type Device = {
  /** Gives text to another app. */
  shareText?: (text: string) => Promise<void>;
  /** Lets the user save a file. False when they went back. Throws CoreError. */
  saveFile?: (name: string, mimeType: string, text: string) => Promise<boolean>;
  /** Lets the user pick a chat export and reads it; undefined when they went back. What comes after an abort is of no use. Throws CoreError. */
  pickChat?: (signal: AbortSignal) => Promise<ChatMessage[] | undefined>;
  /** Where bundles can be imported; elsewhere the one bundle is given. */
  library?: Library;
  secureWindow?: SecureWindow;
  appLock?: AppLock;
  shareInbox?: ShareInbox;
  /** Calls back when the system is short of memory; the returned function ends that. */
  onMemoryPressure?: (listener: () => void) => () => void;
  /** Calls back when the app goes out of sight, and when it is there again; the returned function ends that. */
  onVisibility?: (listener: (visible: boolean) => void) => () => void;
  exitNotice?: ExitNotice;
  longRun?: LongRun;
  /** How warm the device is now. */
  heat?: () => Heat;
  readAloud?: ReadAloud;
};

export type ReadAloud = {
  /**
   * Reads a text with a voice of the device that works offline, until its end or until it is stopped; a second text ends the first. `languageTag` is a BCP-47
   * tag; absent for the device's language. False where it has no such voice, or that failed.
   */
  speak: (text: string, languageTag: string | undefined) => Promise<boolean>;
  stop: () => void;
};

/** What a phone says of its heat; absent where it does not tell. */
export type Heat = {
  /** `none` is cool; from `severe` on it slows down much. */
  status?: 'none' | 'light' | 'moderate' | 'severe' | 'critical' | 'emergency' | 'shutdown';
  /** As a share of what slows it down severely: at 1 it does. */
  headroom?: number;
};

/** Keeps the screens out of screenshots and the list of recent apps; remembered by the system. */
export type SecureWindow = {
  isOn: () => boolean;
  set: (on: boolean) => void;
  /** Out of the list of recent apps alone, as far as the system knows that apart. */
  hideInRecents: (hidden: boolean) => void;
};

export type AppLock = {
  available: () => boolean;
  /** Asks for fingerprint, face or PIN under this title. False when the user could not, or went back. */
  unlock: (title: string) => Promise<boolean>;
};

/** Why something shared was refused. */
export type ShareRefusal = 'empty' | 'too-large' | 'not-a-chat' | 'unreadable' | 'no-space';

/** What another app gave: text, messages of a chat file, or something that was refused. */
export type SharedItem =
  | { kind: 'text'; text: string; /** Writes an answer where the text was selected. */ replace?: (text: string) => Promise<boolean> }
  | { kind: 'chat'; messages: ChatMessage[] }
  | { kind: 'refused'; why: ShareRefusal };

export type ShareInbox = {
  /** The oldest item that waits, which then waits no more. Throws CoreError when a file of it cannot be read as a chat. */
  take: () => Promise<SharedItem | undefined>;
  /** Calls back when something new waits; the returned function ends that. */
  subscribe: (listener: () => void) => () => void;
};

/** How the process ended; `running` is what had been noted last. */
export type Exit = { reason: 'low-memory' | 'crash'; running?: string };

export type ExitNotice = {
  /** How it ended last time, if it was in one of these ways and has not been told yet. */
  takeLast: () => Promise<Exit | undefined>;
  /** Notes what runs, by an id, to be told after the end of the process; undefined when it is over. */
  running: (what: string | undefined) => void;
};

/** Keeps the process alive while something long runs and the screen is off. */
export type LongRun = {
  begin: (labels: { channel: string; title: string; stop: string }) => void;
  /** How far it is, for the notification. */
  progress: (done: number, total: number) => void;
  /** Lets the user allow the notification where the system has that asked for; what runs does not wait for the answer. */
  askToShow: () => void;
  end: () => void;
  /** Calls back when the user stops it from outside the app; the returned function ends that. */
  onStop: (listener: () => void) => () => void;
};
