import { itemStorage } from './itemStorage';
import { sharedStorage } from './sharedStorage';
import { StorageError } from './storage';

const kept = itemStorage(new Map());
const fresh = itemStorage(new Map());

function placeThat(...failures: StorageError['kind'][]) {
  const open = jest.fn(() => {
    const failure = failures.shift();
    return failure ? Promise.reject(new StorageError(failure)) : Promise.resolve(kept);
  });
  return { open, startNew: jest.fn(() => Promise.resolve(fresh)) };
}

test('it is opened once, also for those who ask at the same time', async () => {
  const place = placeThat();
  const { open } = sharedStorage(place);
  expect(await Promise.all([open(), open()])).toEqual([kept, kept]);
  expect(await open()).toBe(kept);
  expect(place.open).toHaveBeenCalledTimes(1);
});

test('what failed is tried again by the next who asks', async () => {
  const { open } = sharedStorage(placeThat('failed'));
  await expect(open()).rejects.toEqual(new StorageError('failed'));
  await expect(open()).resolves.toBe(kept);
});

test('a new one takes the place of one that still does not open, for all', async () => {
  const place = placeThat('lost', 'lost', 'lost');
  const { open, startNew } = sharedStorage(place);
  await expect(open()).rejects.toEqual(new StorageError('lost'));
  await expect(startNew()).resolves.toBe(fresh);
  await expect(open()).resolves.toBe(fresh);
});

test('one that opens after all is not deleted for a new one', async () => {
  const place = placeThat('failed');
  const { open, startNew } = sharedStorage(place);
  await expect(open()).rejects.toEqual(new StorageError('failed'));
  await expect(startNew()).resolves.toBe(kept);
  expect(place.startNew).not.toHaveBeenCalled();
});
