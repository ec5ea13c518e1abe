import { open, type DB } from '@op-engineering/op-sqlite';

import { sqlStorage, type SqlDatabase } from './sqlStorage';
import { StorageError, type Storage } from './storage';

/** Where the key of the encrypted database is kept. */
export interface DatabaseKey {
  /** 64 hexadecimal digits. Rejects with the code `lost` when what it encrypted can no longer be read by anybody. */
  get: () => Promise<string>;
  /** Makes room for a new key. */
  forget: () => Promise<void>;
}

const NAME = 'tandem.sqlite';

/** The storage on the phone: SQLite encrypted by SQLCipher. Throws StorageError. */
export async function phoneStorage(key: DatabaseKey): Promise<Storage> {
  try {
    return await openWith(await key.get());
  } catch (thrown) {
    if (!isLost(thrown)) throw thrown instanceof StorageError ? thrown : new StorageError('failed');
  }
  // Without its key the old database is noise.
  try {
    await key.forget();
    const fresh = await key.get();
    open({ name: NAME, encryptionKey: fresh }).delete();
    return await openWith(fresh);
  } catch {
    throw new StorageError('failed');
  }
}

async function openWith(encryptionKey: string): Promise<Storage> {
  const connection: DB = open({ name: NAME, encryptionKey });
  const database: SqlDatabase = { execute: async (sql, values) => (await connection.execute(sql, values)).rows };
  await refuseUnencrypted(database);
  return sqlStorage(database);
}

/** Plain SQLite passes over a key, and would keep the user's texts readable: only SQLCipher answers this. */
async function refuseUnencrypted(database: SqlDatabase): Promise<void> {
  const rows = await database.execute('PRAGMA cipher_version');
  if (rows.length === 0) throw new StorageError('failed');
}

function isLost(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'lost';
}
