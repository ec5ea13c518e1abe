import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Locator, Page } from 'playwright-core';
import { detect } from 'tinyld';

import type { Task } from '../../src/core/contract';
import { en } from '../../src/i18n/en';

import { chromiumPath } from './browser';
import { bundleMissing, bundlePath } from './preview';

/** For what waits for the model: it may have to be loaded on a busy machine. In milliseconds. */
export const MODEL = 180_000;

const missing = bundleMissing() ?? (existsSync(chromiumPath) ? undefined : `no Chromium at ${chromiumPath}; 'apt-get install chromium' or set CHROMIUM`);
if (missing !== undefined && process.env['REQUIRE_ALL'] === '1') throw new Error(missing);

/** Of tests that need the demo bundle and Chromium. */
export const options = { skip: missing ?? false };

/** The button of the demo bundle's first main task. */
export const START = en.task.start['summarize'] ?? '';

/** The button of this name that is seen: screens below stay in the page. */
export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true }).locator('visible=true');

/** The language of a text, by a rule, among those that a bundle may offer. */
export const languageOf = (text: string): string => detect(text, { only: ['en', 'es', 'fr', 'de', 'it', 'pt'] });

/** Chooses a value on the settings screen, from the first screen and back to it. */
export async function set(page: Page, title: string, option: string): Promise<void> {
  await button(page, en.settings.title).click();
  await page.getByRole('button', { name: title }).click();
  await page.getByRole('radio', { name: option }).click();
  await button(page, en.app.back).click();
}

type Manifest = { tasks: { id: string; kind: Task['kind']; language_tag?: string | null }[]; compositions: { tasks: string[] }[] };

/** What the demo bundle's manifest says that it offers. */
export function offered(): { tasks: Task[]; compositions: string[][] } {
  const { tasks, compositions } = JSON.parse(readFileSync(join(bundlePath, 'manifest.json'), 'utf8')) as Manifest;
  return {
    tasks: tasks.map(({ id, kind, language_tag }) => ({ id, kind, ...(language_tag != null && { languageTag: language_tag }) })),
    compositions: compositions.map(composition => composition.tasks),
  };
}
