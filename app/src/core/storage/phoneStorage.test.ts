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
      close: () => undefined,
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
  const storage = await phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() }).open();
  await storage.write('a', 'b');
  await expect(storage.read('a')).resolves.toBe('b');
  expect(keys).toEqual([KEY]);
  expect(deleted()).toBe(0);
});

test('a database that is not encrypted is refused', async () => {
  await phoneWith(false);
  const opening = phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() }).open();
  await expect(opening).rejects.toEqual(new StorageError('failed'));
});

test('a lost key is told and deletes nothing until the user starts a new history', async () => {
  const { keys, deleted } = await phoneWith(true);
  let lost = true;
  const forget = jest.fn(() => Promise.resolve(void (lost = false)));
  const get = () => (lost ? Promise.reject(Object.assign(new Error('x'), { code: 'lost' })) : Promise.resolve(KEY));
  const place = phoneStorage({ get, forget });
  await expect(place.open()).rejects.toEqual(new StorageError('lost'));
  expect(forget).not.toHaveBeenCalled();
  expect(deleted()).toBe(0);

  const storage = await place.startNew();
  expect(keys).toEqual([KEY, KEY]);
  expect(deleted()).toBe(1);
  await expect(storage.read('a')).resolves.toBeUndefined();
});

test('a database that its key does not open is lost, and a new one can be started in its place', async () => {
  await phoneWith(true);
  const openEmpty = jest.mocked(open).getMockImplementation() ?? open;
  let isOld = true;
  const closed = jest.fn();
  const old = {
    close: closed,
    delete: () => {
      isOld = false;
    },
    execute: (statement: string) =>
      statement.startsWith('PRAGMA')
        ? Promise.resolve({ rows: [{ cipher_version: '4' }] })
        : Promise.reject(new Error('[op-sqlite] statement execution error: file is not a database')),
  };
  jest.mocked(open).mockImplementation(options => (isOld ? (old as unknown as ReturnType<typeof open>) : openEmpty(options)));
  const place = phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() });
  await expect(place.open()).rejects.toEqual(new StorageError('lost'));
  expect(closed).toHaveBeenCalled();
  expect(isOld).toBe(true);
  const storage = await place.startNew();
  await expect(storage.read('a')).resolves.toBeUndefined();
});

test('a new history is started also where there is no file to delete', async () => {
  await phoneWith(true);
  jest.mocked(open).mockImplementationOnce(
    () =>
      ({
        delete: () => {
          throw new Error('op-sqlite: db file not found');
        },
      }) as unknown as ReturnType<typeof open>,
  );
  const storage = await phoneStorage({ get: () => Promise.resolve(KEY), forget: () => Promise.resolve() }).startNew();
  await expect(storage.read('a')).resolves.toBeUndefined();
});

test('a keystore that fails otherwise deletes nothing', async () => {
  const { deleted } = await phoneWith(true);
  const forget = jest.fn();
  await expect(phoneStorage({ get: () => Promise.reject(new Error('locked')), forget }).open()).rejects.toEqual(new StorageError('failed'));
  expect(forget).not.toHaveBeenCalled();
  expect(deleted()).toBe(0);
});
