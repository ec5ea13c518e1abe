import { open } from '@op-engineering/op-sqlite';
import initSqlJs from 'sql.js';

import { phoneStorage } from './phoneStorage';
import { StorageError } from './storage';

jest.mock('@op-engineering/op-sqlite', () => ({ open: jest.fn() }));

const KEY = 'ab'.repeat(32);

/** Stands for the database files of the phone: SQLite, which answers for SQLCipher when `isEncrypted`. */
async function phoneWith(isEncrypted: boolean) {
  const sql = await initSqlJs();
  const keys: (string | undefined)[] = [];
  let deleted = 0;
  jest.mocked(open).mockImplementation((({ encryptionKey }: { encryptionKey?: string }) => {
    const database = new sql.Database();
    keys.push(encryptionKey);
    return {
      delete: () => {
        deleted += 1;
      },
      execute: (statement: string, values: string[] = []) => {
        if (statement === 'PRAGMA cipher_version') return Promise.resolve({ rows: isEncrypted ? [{ cipher_version: '4' }] : [] });
        const prepared = database.prepare(statement, values);
        const rows = [];
        while (prepared.step()) rows.push(prepared.getAsObject());
        prepared.free();
        return Promise.resolve({ rows });
      },
    };
  }) as unknown as typeof open);
  return { keys, deleted: () => deleted };
}

test('the database is opened with the phone’s key', async () => {
  const { keys, deleted } = await phoneWith(true);
  const storage = await phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() });
  await storage.write('a', 'b');
  await expect(storage.read('a')).resolves.toBe('b');
  expect(keys).toEqual([KEY]);
  expect(deleted()).toBe(0);
});

test('a database that is not encrypted is refused', async () => {
  await phoneWith(false);
  const opening = phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() });
  await expect(opening).rejects.toEqual(new StorageError('failed'));
});

test('a lost key is forgotten, and the database that it leaves unreadable makes room', async () => {
  const { keys, deleted } = await phoneWith(true);
  let lost = true;
  const get = () => (lost ? Promise.reject(Object.assign(new Error('x'), { code: 'lost' })) : Promise.resolve(KEY));
  const storage = await phoneStorage({ get, forget: () => Promise.resolve(void (lost = false)) });
  expect(keys).toEqual([KEY, KEY]);
  expect(deleted()).toBe(1);
  await expect(storage.read('a')).resolves.toBeUndefined();
});

test('a keystore that fails otherwise deletes nothing', async () => {
  const { deleted } = await phoneWith(true);
  const forget = jest.fn();
  await expect(phoneStorage({ get: () => Promise.reject(new Error('locked')), forget })).rejects.toEqual(new StorageError('failed'));
  expect(forget).not.toHaveBeenCalled();
  expect(deleted()).toBe(0);
});
