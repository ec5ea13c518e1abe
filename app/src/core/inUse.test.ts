import { inUseInStorage } from './inUse';
import { itemStorage } from './storage/itemStorage';
import { StorageError } from './storage/storage';

test('the bundle in use outlives the process', async () => {
  const storage = itemStorage(new Map());
  const open = () => Promise.resolve(storage);
  await expect(inUseInStorage(open).read()).resolves.toBeUndefined();
  await inUseInStorage(open).write('a');
  await expect(inUseInStorage(open).read()).resolves.toBe('a');
});

test('a storage that does not open leaves the choice of a bundle, for as long as the process runs', async () => {
  const inUse = inUseInStorage(() => Promise.reject(new StorageError('lost')));
  await expect(inUse.read()).resolves.toBeUndefined();
  await inUse.write('b');
  await expect(inUse.read()).resolves.toBe('b');
});

test('a storage without space changes the bundle all the same', async () => {
  const storage = itemStorage(new Map());
  await storage.write('bundle', 'a');
  const inUse = inUseInStorage(() => Promise.resolve({ ...storage, write: () => Promise.reject(new StorageError('full')) }));
  await inUse.write('b');
  await expect(inUse.read()).resolves.toBe('b');
});
