import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { en } from '../../src/i18n/en';

import { openPhone } from './browser';
import { bundleMissing, bundlePath, startPreview } from './preview';

/** Writes docs/images/preview.png: the demo bundle's first sample, summarised. */
const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'images', 'preview.png');

const missing = bundleMissing();
if (missing !== undefined) {
  console.error(`screenshot: ${missing}`);
  process.exit(1);
}
const preview = await startPreview(bundlePath);
const phone = await openPhone();
await phone.page.goto(preview.url);
await phone.page.getByRole('button', { name: en.task.start['summarize'] ?? '', exact: true }).click();
await phone.page.getByRole('button', { name: en.answer.again, exact: true }).waitFor({ timeout: 180_000 });
await phone.page.mouse.move(0, 0);
await phone.page.waitForTimeout(500); // until the button's ripple has faded
mkdirSync(dirname(file), { recursive: true });
await phone.page.screenshot({ path: file });
await phone.close();
await preview.interrupt();
console.log(`wrote ${file}`);
