import { headOf, searchable, searchWords, StorageError, type HistoryEntry, type Storage } from './storage';

/** What keeps strings by key and may refuse for want of space: a browser's storage, or a Map in tests. */
export interface Items {
  get: (key: string) => string | undefined;
  /** Throws when there is no space. */
  set: (key: string, value: string) => void;
  delete: (key: string) => void;
  keys: () => Iterable<string>;
}

const VALUE = 'value/';
const ENTRY = 'history/';

/** The storage for browsers and tests. Reads all entries for each list: meant for hundreds, not for many thousands. */
export function itemStorage(items: Items): Storage {
  const entries = () => [...items.keys()].filter(key => key.startsWith(ENTRY)).flatMap(key => parsed(items.get(key)) ?? []);
  const set = (key: string, value: string) => {
    try {
      items.set(key, value);
    } catch {
      throw new StorageError('full');
    }
  };
  return {
    read: key => Promise.resolve(items.get(VALUE + key)),
    write: (key, value) =>
      done(() => {
        set(VALUE + key, value);
      }),
    keep: entry =>
      done(() => {
        set(ENTRY + entry.id, JSON.stringify(entry));
      }),
    heads: ({ words, limit, before }) => {
      const wanted = searchWords(words);
      const found = entries()
        .filter(entry => !before || newestFirst(before, entry) < 0)
        .filter(entry => wanted.length === 0 || includesAll(searchable(entry), wanted))
        .sort(newestFirst);
      return Promise.resolve(found.slice(0, limit).map(headOf));
    },
    entry: id => Promise.resolve(parsed(items.get(ENTRY + id))),
    remove: id =>
      done(() => {
        items.delete(ENTRY + id);
      }),
    removeAll: () =>
      done(() => {
        for (const key of [...items.keys()]) if (key.startsWith(ENTRY)) items.delete(key);
      }),
  };
}

async function done(work: () => void): Promise<void> {
  await Promise.resolve();
  work();
}

function includesAll(text: string, words: string[]): boolean {
  return words.every(word => text.includes(word));
}

type Order = { at: number; id: string };

/** Of two made at once, the greater id first: the order is total, so that a list can go on after any entry. */
function newestFirst(a: Order, b: Order): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** Undefined for what another program, or an older version, wrote there. */
function parsed(text: string | undefined): HistoryEntry | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<HistoryEntry> | null;
    return value && typeof value.id === 'string' && typeof value.text === 'string' && value.input ? (value as HistoryEntry) : undefined;
  } catch {
    return undefined;
  }
}
