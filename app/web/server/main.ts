import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bindingCore } from '../../src/core/bindingCore';
import { bindingLibrary, inUseInMemory } from '../../src/core/bindingLibrary';
import { CoreError } from '../../src/core/errors';

import { builtPage } from './page';
import { serve } from './server';

const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(import.meta.dirname, '..', '..', '..', 'build', 'bundle');
const port = Number(process.env['PORT'] ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`preview: PORT is "${String(process.env['PORT'])}"; it must be a whole number from 0 to 65535`);
  process.exit(2);
}

// What is imported lasts as long as the server.
const folder = mkdtempSync(join(tmpdir(), 'tandem-preview-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
const uploads = join(folder, 'uploads');
mkdirSync(uploads);

const library = bindingLibrary({
  root: () => join(folder, 'library'),
  inUse: inUseInMemory(),
  availableBytes: () => process.availableMemory(),
});

// As on the phone, the bundle that was given is used where none was imported.
const given = () => (existsSync(bundlePath) ? { bundlePath, basePath: process.env['TANDEM_BASE'] } : undefined);
const core = bindingCore(async () => (await library.place()) ?? given());
const preview = await serve({ core, library, page: await builtPage(), uploads, port });
console.log(`Tandem is at ${preview.url} (Ctrl-C ends it)`);

// Loaded at once, as on the phone; the page shows a failure.
preview.model.load().catch((thrown: unknown) => {
  const { file, message } = CoreError.from(thrown);
  console.error(`preview: ${file === undefined ? '' : `${file}: `}${message}`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // The core's threads may still be loading: nothing of theirs has to be waited for.
    void preview.close().then(() => process.exit(0));
  });
}
