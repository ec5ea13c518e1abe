import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bindingCore } from './bindingCore';
import { bindingLibrary, inUseInMemory } from './bindingLibrary';
import type { ImportProgress } from './library';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-library-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A library in the test's folder. */
function openLibrary(availableBytes = 2 ** 40, trustedKey?: string) {
  return bindingLibrary({
    root: () => join(folder, 'library'),
    inUse: inUseInMemory(),
    availableBytes: () => availableBytes,
    trustedKey,
  });
}

const never = () => new AbortController().signal;
const ignore = () => undefined;

test('an empty library has no bundle, and no place for the core', async () => {
  const library = openLibrary();
  await expect(library.list()).resolves.toEqual([]);
  await expect(library.place()).resolves.toBeUndefined();
});

test('what is no bundle is refused with its kind, and leaves nothing', async () => {
  const path = join(folder, 'other.tandem');
  writeFileSync(path, 'private words');
  const library = openLibrary();
  const importing = library.importFile('bundle', { path }, ignore, never());
  await expect(importing).rejects.toMatchObject({ name: 'CoreError', source: 'bundle', kind: expect.stringMatching(/^[a-z-]+$/) as string });
  await expect(importing).rejects.not.toThrow(/private/);
  await expect(library.list()).resolves.toEqual([]);
});

const golden = join(__dirname, '..', '..', '..', 'tests', 'golden', 'bundle');

/** Imports the golden bundle, made for these bytes as its base model, and then that base. Gives its id. */
async function importMadeFor(library: ReturnType<typeof openLibrary>, base: Buffer): Promise<string> {
  const path = mkdtempSync(join(folder, 'made-'));
  cpSync(golden, path, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(golden, 'manifest.json'), 'utf8')) as { base: object };
  Object.assign(manifest.base, { bytes: base.length, sha256: createHash('sha256').update(base).digest('hex') });
  writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest));
  const imported = await library.importFile('bundle', { path }, ignore, never());
  const file = `${path}.gguf`;
  writeFileSync(file, base);
  await library.importFile('base', { path: file }, ignore, never());
  return imported?.id ?? '';
}

/** A GGUF file that holds nothing but a table of embeddings of 2 by 4. */
function smallBase(): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const name = 'token_embd.weight';
  const head = [Buffer.from('GGUF'), u32(3), u64(1), u64(0), u64(name.length), Buffer.from(name), u32(2), u64(4), u64(2), u32(0), u64(0)];
  return Buffer.concat([...head, Buffer.alloc(64)]);
}

test('a bundle whose base is no model is told as broken and can be removed, and the others are there', async () => {
  const library = openLibrary();
  const good = await importMadeFor(library, smallBase());
  const bad = await importMadeFor(library, Buffer.from('private words, no model'));
  const listed = await library.list();
  expect(listed).toHaveLength(2);
  expect(listed.find(({ id }) => id === good)?.state).toMatchObject({ kind: 'ready', fit: 'fits' });
  const broken = listed.find(({ id }) => id === bad)?.state;
  expect(broken).toMatchObject({ kind: 'broken', error: { source: 'base', kind: 'base-unreadable' } });
  expect(JSON.stringify(broken)).not.toMatch(/private/);
  await library.remove(bad);
  await expect(library.list()).resolves.toMatchObject([{ id: good }]);
});

test('the bundle that is loaded fits, and what it holds is free for another', async () => {
  let free = 2 ** 40;
  const library = bindingLibrary({ root: () => join(folder, 'library'), inUse: inUseInMemory(), availableBytes: () => free });
  const loaded = await importMadeFor(library, smallBase());
  const other = await importMadeFor(library, Buffer.concat([smallBase(), Buffer.alloc(32)]));
  await library.use(loaded);
  const fits = async (isLoaded: boolean) =>
    Object.fromEntries((await library.list(isLoaded)).map(({ id, state }) => [id, state.kind === 'ready' && state.fit]));
  free = 1;
  await expect(fits(false)).resolves.toEqual({ [loaded]: 'wont-fit', [other]: 'wont-fit' });
  // The other needs 32 bytes more.
  await expect(fits(true)).resolves.toEqual({ [loaded]: 'fits', [other]: 'wont-fit' });
  free = 32;
  await expect(fits(true)).resolves.toEqual({ [loaded]: 'fits', [other]: 'tight' });
});

const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(__dirname, '..', '..', '..', 'build', 'bundle');
const missing = existsSync(join(bundlePath, 'manifest.json')) ? undefined : `no bundle at ${bundlePath}; 'make bundle' exports one`;
if (missing !== undefined && process.env['REQUIRE_ALL'] === '1') throw new Error(missing);
if (missing !== undefined) console.warn(`SKIPPED: tests on the demo bundle: ${missing}`);

(missing === undefined ? describe : describe.skip)('the demo bundle', () => {
  test('is imported with progress, can be opened by its place, and is removed', async () => {
    const library = openLibrary();
    const told: ImportProgress[] = [];
    const imported = await library.importFile('bundle', { path: bundlePath }, progress => told.push(progress), never());
    expect(imported).toMatchObject({ inUse: true, state: { kind: 'ready', fit: 'fits' } });
    expect(told.at(-1)).toMatchObject({ phase: 'verifying' });
    for (const { doneBytes, totalBytes } of told) expect(doneBytes).toBeLessThanOrEqual(totalBytes);

    const core = bindingCore(library.place);
    await expect(core.inspect()).resolves.toEqual(imported?.state.kind === 'ready' && imported.state.bundle);

    await library.remove(imported?.id ?? '');
    await expect(library.list()).resolves.toEqual([]);
  });

  test('that lost a file is refused by its name, and what was there stays', async () => {
    const broken = join(folder, 'broken');
    cpSync(bundlePath, broken, { recursive: true, filter: source => !source.endsWith('.gguf') && !source.endsWith('adapter_config.json') });
    const library = openLibrary();
    await expect(library.importFile('bundle', { path: broken }, ignore, never())).rejects.toMatchObject({ name: 'CoreError' });
    await expect(library.list()).resolves.toEqual([]);
  });

  test('is refused where bundles must be signed, as it is not', async () => {
    const key = readFileSync(join(__dirname, '..', '..', '..', 'native', 'crates', 'bundle', 'tests', 'signed', 'key.pub'), 'utf8');
    const library = openLibrary(undefined, key);
    const importing = library.importFile('bundle', { path: bundlePath }, ignore, never());
    await expect(importing).rejects.toMatchObject({ source: 'bundle', kind: 'signature-missing' });
    await expect(library.list()).resolves.toEqual([]);
  });

  test('on a phone with little memory says that it does not fit', async () => {
    const library = openLibrary(1);
    const imported = await library.importFile('bundle', { path: bundlePath }, ignore, never());
    expect(imported?.state).toMatchObject({ kind: 'ready', fit: 'wont-fit' });
    const core = bindingCore(async () => ({ ...((await library.place()) ?? { bundlePath: 'none' }), availableBytes: 1 }));
    await expect(core.open({})).rejects.toMatchObject({ source: 'memory', kind: 'wont-fit' });
  });
});
