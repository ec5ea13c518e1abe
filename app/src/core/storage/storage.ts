import type { Input, RunningMode } from '../contract';

/** An answer that is kept, with what it was made from. */
export type HistoryEntry = {
  id: string;
  /** When it was made, in milliseconds since 1970. */
  at: number;
  /** Ids of its tasks, the main task first. */
  tasks: string[];
  mode: RunningMode;
  /** The answer as the user left it. */
  text: string;
  input: Input;
  owner?: string;
};

/** What a list shows of an entry: a conversation may be long. */
export type HistoryHead = Omit<HistoryEntry, 'input' | 'owner'> & { /** The conversation's end. */ excerpt: string };

/** `before` is the last head of the page above. */
export type HistoryQuery = { words: string; limit: number; before?: HistoryHead };

/**
 * What outlives the app. Texts of the user are among it: on the phone all of it is encrypted. Each call may throw StorageError.
 */
export interface Storage {
  /** A small value by its key. */
  read: (key: string) => Promise<string | undefined>;
  write: (key: string, value: string) => Promise<void>;
  /** Adds an entry, or replaces the one of its id. */
  keep: (entry: HistoryEntry) => Promise<void>;
  /** Newest first; with words, those in whose answer or conversation each of them occurs, in any case and with or without accents. */
  heads: (query: HistoryQuery) => Promise<HistoryHead[]>;
  entry: (id: string) => Promise<HistoryEntry | undefined>;
  remove: (id: string) => Promise<void>;
  removeAll: () => Promise<void>;
}

const failures = {
  full: 'there is no space left to keep the history',
  lost: 'the history does not open with its key and cannot be read; start a new one',
  failed: 'the history could not be read or written; start the app again',
};

/** `full`: no space is left. `lost`: nobody can read it any more. `failed`: anything else; the cause may quote texts of the user and is not kept. */
export class StorageError extends Error {
  constructor(readonly kind: keyof typeof failures) {
    super(failures[kind]);
    this.name = 'StorageError';
  }
}

/** Where the app's storage is opened. Both throw StorageError. */
export interface StoragePlace {
  /** Deletes nothing, whatever happens. */
  open: () => Promise<Storage>;
  /** Deletes what is kept, with all settings, and opens an empty one. Only at the user's word. */
  startNew: () => Promise<Storage>;
}

/** The most characters of an excerpt. */
const EXCERPT = 160;

export function headOf({ id, at, tasks, mode, text, input }: HistoryEntry): HistoryHead {
  const end = input.kind === 'text' ? input.text.slice(0, EXCERPT) : (input.messages.at(-1)?.text.slice(0, EXCERPT) ?? '');
  return { id, at, tasks, mode, text, excerpt: end.replace(/\s+/g, ' ').trim() };
}

/** All that can be searched in an entry. */
export function searchable({ text, input }: HistoryEntry): string {
  const parts = input.kind === 'text' ? [input.text] : input.messages.map(message => `${message.speaker} ${message.text}`);
  return folded([text, ...parts].join('\n'));
}

/** The words of a search, each folded as `searchable` is. */
export function searchWords(words: string): string[] {
  return folded(words)
    .split(/\s+/)
    .filter(word => word !== '');
}

/** The same for texts that differ in case or accents only. Upper case, as small letters depend on their place (ς). */
function folded(text: string): string {
  return text.toUpperCase().normalize('NFD').replace(/\p{M}/gu, '');
}
