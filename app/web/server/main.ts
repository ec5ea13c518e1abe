import { join } from 'node:path';

import { bindingCore } from '../../src/core/bindingCore';
import { CoreError } from '../../src/core/errors';

import { builtPage } from './page';
import { serve } from './server';

const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(import.meta.dirname, '..', '..', '..', 'build', 'bundle');
const port = Number(process.env['PORT'] ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`preview: PORT is "${String(process.env['PORT'])}"; it must be a whole number from 0 to 65535`);
  process.exit(2);
}

const core = bindingCore(() => Promise.resolve({ bundlePath, basePath: process.env['TANDEM_BASE'] }));
const preview = await serve(core, await builtPage(), port);
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
