import { bundle, Deferred } from '../../jest/scriptedCore';

import type { Cleaning, FileLibrary } from './bindingLibrary';
import type { InstalledBundle } from './library';
import { pickedImports, type FilePicker, type Held } from './pickedImports';

const imported: InstalledBundle = { id: 'a', inUse: false, state: { kind: 'ready', bundle, fit: 'fits' } };

/** Files that are held until they are released, and a library that the test drives. */
function setUp(...names: string[]) {
  let files: Held[] = names.map(name => ({
    id: name,
    name,
    kind: name.endsWith('.gguf') ? 'base' : 'bundle',
    open: () => Promise.resolve({ path: name }),
    release: () => {
      files = files.filter(({ id }) => id !== name);
    },
  }));
  const calls: { kind: string; file: object }[] = [];
  const end = new Deferred<InstalledBundle | undefined>();
  const clean = jest.fn(() => Promise.resolve());
  const fileLibrary: FileLibrary & Cleaning = {
    list: () => Promise.resolve([]),
    use: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    importFile: (kind, file) => {
      calls.push({ kind, file });
      return end.promise;
    },
    clean,
  };
  const picker: FilePicker = { pick: kind => Promise.resolve(files.find(file => file.kind === kind)), held: () => Promise.resolve(files) };
  return { library: pickedImports(fileLibrary, picker), picker, calls, end, clean, held: () => files.map(({ id }) => id) };
}

const ignore = () => undefined;
const never = () => new AbortController().signal;

test('a picked file is given back when its import has ended, and not before', async () => {
  for (const settle of [
    (end: Deferred<InstalledBundle | undefined>) => {
      end.resolve(imported);
    },
    (end: Deferred<InstalledBundle | undefined>) => {
      end.reject(new Error('refused'));
    },
  ]) {
    const { library, calls, end, held } = setUp('a.tandem');
    const importing = library.importPicked('bundle', ignore, never());
    await new Promise(setImmediate);
    expect(calls).toEqual([{ kind: 'bundle', file: { path: 'a.tandem' } }]);
    expect(held()).toEqual(['a.tandem']);
    settle(end);
    await importing.catch(ignore);
    expect(held()).toEqual([]);
  }
});

test('what is aborted while the user chooses, or while the file is opened, reads nothing and gives it back', async () => {
  const { library, calls, held } = setUp('a.tandem');
  const aborting = new AbortController();
  const importing = library.importPicked('bundle', ignore, aborting.signal);
  aborting.abort();
  await expect(importing).resolves.toBeUndefined();
  expect([calls, held()]).toEqual([[], []]);
});

test('what is aborted while it waits for its file ends then, is no error, and gives the file back', async () => {
  const { library, picker, calls, held } = setUp('a.tandem');
  const file = (await picker.held())[0];
  const opening = new Deferred<never>();
  const aborting = new AbortController();
  if (file) {
    file.open = signal => {
      expect(signal).toBe(aborting.signal);
      return opening.promise;
    };
  }
  const resumed = library.unfinished?.resume('a.tandem', ignore, aborting.signal);
  await new Promise(setImmediate);
  aborting.abort();
  opening.reject(new Error('cancelled'));
  await expect(resumed).resolves.toBeUndefined();
  expect([calls, held()]).toEqual([[], []]);
});

test('a user who goes back imports nothing', async () => {
  const { library, calls } = setUp();
  await expect(library.importPicked('base', ignore, never())).resolves.toBeUndefined();
  expect(calls).toEqual([]);
});

test('an import that the end of the process cut short goes on as what it was, and is then forgotten', async () => {
  const { library, calls, end, held } = setUp('a.tandem', 'b.gguf');
  const { unfinished } = library;
  await expect(unfinished?.list()).resolves.toEqual([
    { id: 'a.tandem', name: 'a.tandem' },
    { id: 'b.gguf', name: 'b.gguf' },
  ]);
  end.resolve(undefined);
  await unfinished?.resume('b.gguf', ignore, never());
  expect(calls).toEqual([{ kind: 'base', file: { path: 'b.gguf' } }]);
  expect(held()).toEqual(['a.tandem']);
  await unfinished?.forget('a.tandem');
  expect(held()).toEqual([]);
  await expect(unfinished?.resume('a.tandem', ignore, never())).resolves.toBeUndefined();
});

test('what an import left goes when it is forgotten, unless another one goes on', async () => {
  const { library, clean } = setUp('a.tandem', 'b.gguf');
  await library.unfinished?.forget('a.tandem');
  expect(clean).not.toHaveBeenCalled();
  await library.unfinished?.forget('b.gguf');
  expect(clean).toHaveBeenCalledTimes(1);
});
