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
