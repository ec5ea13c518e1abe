import type { Input, RunningMode } from '../contract';

import { headOf, searchable, searchWords, StorageError, type HistoryEntry, type HistoryHead, type Storage } from './storage';

export type SqlValue = string | number | null;

/** A database of SQLite; `execute` gives the rows of one statement. */
export interface SqlDatabase {
  execute: (sql: string, values?: SqlValue[]) => Promise<Record<string, unknown>[]>;
}

/** `searchable` holds the folded texts: SQLite folds the case of ASCII letters only. */
const SCHEMA = [
  // What is deleted is overwritten, also for those who come to know the key later.
  'PRAGMA secure_delete = ON',
  'CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS history (
     id TEXT PRIMARY KEY, at INTEGER NOT NULL, tasks TEXT NOT NULL, mode TEXT NOT NULL, text TEXT NOT NULL,
     excerpt TEXT NOT NULL, input TEXT NOT NULL, owner TEXT, searchable TEXT NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS history_newest ON history (at DESC, id DESC)',
];

const HEAD = 'id, at, tasks, mode, text, excerpt';

/** The storage in a database of SQLite, whose tables it makes. Throws StorageError. */
export async function sqlStorage(database: SqlDatabase): Promise<Storage> {
  const execute = async (sql: string, values: SqlValue[] = []) => {
    try {
      return await database.execute(sql, values);
    } catch (thrown) {
      throw new StorageError(kindOf(thrown));
    }
  };
  for (const statement of SCHEMA) await execute(statement);
  return {
    read: async key => (await execute('SELECT value FROM setting WHERE key = ?', [key]))[0]?.['value'] as string | undefined,
    write: async (key, value) => {
      await execute('INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [key, value]);
    },
    keep: async entry => {
      const { id, at, tasks, mode, text, excerpt } = headOf(entry);
      await execute(`INSERT OR REPLACE INTO history (${HEAD}, input, owner, searchable) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
        id,
        at,
        JSON.stringify(tasks),
        mode,
        text,
        excerpt,
        JSON.stringify(entry.input),
        entry.owner ?? null,
        searchable(entry),
      ]);
    },
    heads: async ({ words, limit, before }) => {
      const wanted = searchWords(words);
      const conditions = [...(before ? ['(at, id) < (?, ?)'] : []), ...wanted.map(() => 'instr(searchable, ?) > 0')];
      const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
      const rows = await execute(`SELECT ${HEAD} FROM history ${where} ORDER BY at DESC, id DESC LIMIT ?`, [
        ...(before ? [before.at, before.id] : []),
        ...wanted,
        limit,
      ]);
      return rows.map(head);
    },
    entry: async id => {
      const [row] = await execute(`SELECT ${HEAD}, input, owner FROM history WHERE id = ?`, [id]);
      return row && entry(row);
    },
    remove: async id => {
      await execute('DELETE FROM history WHERE id = ?', [id]);
    },
    removeAll: async () => {
      await execute('DELETE FROM history');
    },
  };
}

/** Told by SQLite's words, as drivers keep no codes. "Not a database" is also what a wrong key of SQLCipher makes of one. */
function kindOf(thrown: unknown): StorageError['kind'] {
  const message = thrown instanceof Error ? thrown.message : '';
  if (/not a database/i.test(message)) return 'lost';
  return /full/i.test(message) ? 'full' : 'failed';
}

function head(row: Record<string, unknown>): HistoryHead {
  return {
    id: row['id'] as string,
    at: row['at'] as number,
    tasks: JSON.parse(row['tasks'] as string) as string[],
    mode: row['mode'] as RunningMode,
    text: row['text'] as string,
    excerpt: row['excerpt'] as string,
  };
}

function entry(row: Record<string, unknown>): HistoryEntry {
  const { id, at, tasks, mode, text } = head(row);
  const owner = row['owner'] as string | null;
  return { id, at, tasks, mode, text, input: JSON.parse(row['input'] as string) as Input, ...(owner !== null && { owner }) };
}
