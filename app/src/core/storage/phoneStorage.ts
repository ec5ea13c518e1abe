import { open, type DB } from '@op-engineering/op-sqlite';

import { sqlStorage, type SqlDatabase } from './sqlStorage';
import { StorageError, type Storage, type StoragePlace } from './storage';

/** Where the key of the encrypted database is kept. */
export interface DatabaseKey {
  /** 64 hexadecimal digits. Rejects with the code `lost` when what it encrypted can no longer be read by anybody. */
  get: () => Promise<string>;
  /** Makes room for a new key. */
  forget: () => Promise<void>;
}

const NAME = 'tandem.sqlite';

/** The storage on the phone: SQLite encrypted by SQLCipher. */
export function phoneStorage(key: DatabaseKey): StoragePlace {
  const open = async () => {
    try {
      return await openWith(await key.get());
    } catch (thrown) {
      if (thrown instanceof StorageError) throw thrown;
      throw new StorageError(isLost(thrown) ? 'lost' : 'failed');
    }
  };
  return {
    open,
    startNew: async () => {
      try {
        await key.forget();
        deleteDatabase(await key.get());
      } catch {
        throw new StorageError('failed');
      }
      return open();
    },
  };
}

async function openWith(encryptionKey: string): Promise<Storage> {
  const connection: DB = open({ name: NAME, encryptionKey });
  const database: SqlDatabase = { execute: async (sql, values) => (await connection.execute(sql, values)).rows };
  try {
    await refuseUnencrypted(database);
    return await sqlStorage(database);
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

function deleteDatabase(encryptionKey: string): void {
  try {
    open({ name: NAME, encryptionKey }).delete();
  } catch {
    // There was none; one that stays does not open with the new key, which is told.
  }
}

/** Plain SQLite passes over a key, and would keep the user's texts readable: only SQLCipher answers this. */
async function refuseUnencrypted(database: SqlDatabase): Promise<void> {
  const rows = await database.execute('PRAGMA cipher_version');
  if (rows.length === 0) throw new StorageError('failed');
}

function isLost(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'lost';
}
