import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import { en } from '../../src/i18n/en';

import { openPhone, type Look } from './browser';
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

/** Does something in a preview that has just been started, with what takes pictures of it. */
async function inPreview(bundle: string, look: Look, work: (page: Page, shoot: (name: string) => Promise<void>) => Promise<void>): Promise<void> {
  const preview = await startPreview(bundle);
  const phone = await openPhone(look);
  await phone.page.goto(preview.url);
  await work(phone.page, async name => {
    await phone.page.mouse.move(0, 0);
    await phone.page.waitForTimeout(800); // until ripples have faded and screens have come
    await phone.page.screenshot({ path: join(images, `${name}.png`) });
    console.log(`wrote ${join(images, `${name}.png`)}`);
  });
  await phone.close();
  await preview.interrupt();
}

const tap = (page: Page, name: string) => button(page, name).click();
const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).click();
/** Until everything that was asked for is there. */
const made = (page: Page) => button(page, START).waitFor({ timeout: 4 * MODEL });

await inPreview(bundlePath, {}, async (page, shoot) => {
  await tap(page, START);
  await button(page, en.answer.details).waitFor({ timeout: MODEL });
  await shoot('preview');

  await choose(page, en.choice.allOf.language);
  await tap(page, START);
  await made(page);

  await tap(page, en.history.title);
  await shoot('history');
  await tap(page, en.app.back);
  await tap(page, en.settings.title);
  await shoot('settings');
});

const folder = mkdtempSync(join(tmpdir(), 'tandem-screenshot-'));
await inPreview(join(folder, 'none'), { colorScheme: 'dark' }, async (page, shoot) => {
  await button(page, en.library.setUp).waitFor({ timeout: MODEL });
  await shoot('first-start');

  const file = join(folder, 'demo.tandem');
  writeTandemFile(bundlePath, file);
  await tap(page, en.library.setUp);
  const choosing = page.waitForEvent('filechooser');
  await tap(page, en.library.importOne);
  await (await choosing).setFiles(file);
  await page.getByText(/ · in use$/).waitFor({ timeout: MODEL });
  await shoot('models');
});
rmSync(folder, { recursive: true });
