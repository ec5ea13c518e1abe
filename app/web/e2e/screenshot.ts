import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { en } from '../../src/i18n/en';

import { openPhone } from './browser';
import { button, MODEL, START } from './demo';
import { bundleMissing, bundlePath, startPreview } from './preview';
import { writeTandemFile } from './tandemFile';

/** Writes the pictures of docs/images: the demo bundle's first sample and what is made of it, and the main screens. */
const images = join(import.meta.dirname, '..', '..', '..', 'docs', 'images');

const missing = bundleMissing();
if (missing !== undefined) {
  console.error(`screenshot: ${missing}`);
  process.exit(1);
}
mkdirSync(images, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'tandem-screenshot-'));
const preview = await startPreview(bundlePath);
const phone = await openPhone();
const { page } = phone;
const tap = (name: string) => button(page, name).click();
const shoot = async (name: string) => {
  await page.mouse.move(0, 0);
  await page.waitForTimeout(800); // until ripples have faded and screens have come
  await page.screenshot({ path: join(images, `${name}.png`) });
  console.log(`wrote ${join(images, `${name}.png`)}`);
};

await page.goto(preview.url);
await tap(START);
await button(page, en.answer.again).waitFor({ timeout: MODEL });
await shoot('preview');

await page.getByRole('radio', { name: en.choice.allOf.language, exact: true }).click();
await tap(START);
await button(page, START).waitFor({ timeout: 4 * MODEL });
await shoot('languages');
await tap(en.answer.clear);

await tap(en.settings.title);
await shoot('settings');

const file = join(folder, 'demo.tandem');
writeTandemFile(bundlePath, file);
await tap(en.settings.bundles);
const choosing = page.waitForEvent('filechooser');
await tap(en.library.importOne);
await (await choosing).setFiles(file);
await page.getByText(/ · in use$/).waitFor({ timeout: MODEL });
await shoot('models');

await phone.close();
await preview.interrupt();
rmSync(folder, { recursive: true });
