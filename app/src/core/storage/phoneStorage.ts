import { open, type DB } from '@op-engineering/op-sqlite';

import { sqlStorage } from './sqlStorage';
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
    // Without its key the old database is noise.
    await key.forget();
    const fresh = await key.get();
    open({ name: NAME, encryptionKey: fresh }).delete();
    return openWith(fresh);
  }
}

async function openWith(encryptionKey: string): Promise<Storage> {
  const database: DB = open({ name: NAME, encryptionKey });
  return sqlStorage({ execute: async (sql, values) => (await database.execute(sql, values)).rows });
}

function isLost(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'lost';
}
