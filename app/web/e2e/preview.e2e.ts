import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { detect } from 'tinyld';

import { en } from '../../src/i18n/en';

import { assertAccessible } from './accessible';
import { chromiumPath, openPhone, type Phone } from './browser';
import { bundleMissing, bundlePath, startPreview, type PreviewProcess } from './preview';

/** For what waits for the model: it may have to be loaded on a busy machine. In milliseconds. */
const MODEL = 180_000;

const missing = bundleMissing() ?? (existsSync(chromiumPath) ? undefined : `no Chromium at ${chromiumPath}; 'apt-get install chromium' or set CHROMIUM`);
if (missing !== undefined && process.env['REQUIRE_ALL'] === '1') throw new Error(missing);
const options = { skip: missing ?? false };

/** The button of the demo bundle's first main task. */
const START = en.task.start['summarize'] ?? '';

const inSpanish = (text: string) => detect(text, { only: ['en', 'es', 'fr', 'de', 'it', 'pt'] }) === 'es';

describe('the preview on the real core', options, () => {
  let preview: PreviewProcess;
  let phone: Phone;
  const button = (name: string) => phone.page.getByRole('button', { name, exact: true });
  const summary = () => phone.page.getByTestId('summary');
  const again = () => button(en.answer.again);

  before(async () => {
    preview = await startPreview(bundlePath);
    phone = await openPhone();
    await phone.page.goto(preview.url);
  });

  after(async () => {
    await phone.close();
    assert.equal(await preview.interrupt(), 0);
  });

  test('a tap on Summarise while the model loads waits, streams, and ends in Spanish', async () => {
    await phone.page.getByRole('radio', { name: 'Spanish', exact: true }).click();
    await button(START).click();
    const seen = new Set<string>();
    while (!(await again().isVisible())) {
      seen.add(await summary().innerText({ timeout: MODEL }));
      await phone.page.waitForTimeout(20);
    }
    const text = await summary().innerText();
    assert.ok(inSpanish(text), `not Spanish: ${text}`);
    const growing = [...seen].filter(part => part !== '' && text.startsWith(part));
    assert.ok(growing.length >= 3, `the text came in ${String(growing.length)} pieces`);
    await button(en.answer.details).click();
    assert.match(await phone.page.getByTestId('statistics').innerText(), /\d+ tokens read, \d+ written/);
    assert.ok(await phone.page.getByText(en.model.ready).isVisible());
  });

  test('Copy puts the summary on the clipboard', async () => {
    await button(en.answer.copy).click();
    await button(en.answer.copied).waitFor();
    assert.equal(await phone.page.evaluate(() => navigator.clipboard.readText()), await summary().innerText());
  });

  test('Stop ends a run and keeps what was written', async () => {
    await button(START).click();
    await phone.page.waitForFunction(
      ([reading]) => {
        const text = document.querySelector('[data-testid="summary"]')?.textContent ?? '';
        return text.length > 3 && text !== reading;
      },
      [en.answer.reading],
      { timeout: MODEL, polling: 5 },
    );
    await button(en.answer.stop).click();
    await phone.page.getByText(en.answer.stopped).waitFor();
    assert.notEqual((await summary().innerText()).trim(), '');
    assert.ok(await button(START).isEnabled());
  });

  test('a pasted chat is read by the core and summarised', async () => {
    await button(en.conversation.change).click();
    const chat =
      '[12/03/2024, 18:01:02] Marta: The plumber comes on Tuesday at nine.\n[12/03/2024, 18:02:10] Jon: Good, I will be at home then and pay him in cash.';
    await phone.page.getByLabel(en.conversation.textLabel).fill(chat);
    await button(en.conversation.use).click();
    const list = phone.page.getByRole('list', { name: en.conversation.label });
    await list.getByRole('listitem', { name: en.conversation.messageBy('Marta', 'The plumber comes on Tuesday at nine.') }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 2);
    await button(START).click();
    await again().waitFor({ timeout: MODEL });
    assert.ok(inSpanish(await summary().innerText()), await summary().innerText());
  });

  test('each method of the bundle can be chosen, and the statistics name it', async () => {
    await button(en.mode.button(en.mode.name.auto)).click();
    await phone.page.getByRole('radio', { name: en.mode.name['two-step'] }).click();
    await button(START).click();
    await again().waitFor({ timeout: MODEL });
    assert.match(await phone.page.getByTestId('statistics').innerText(), new RegExp(en.mode.name['two-step']));
  });

  test('nothing stands in the way of assistive technology, and every target is large enough', async () => {
    await assertAccessible(phone.page);
    await button(en.mode.button(en.mode.name['two-step'])).click();
    await assertAccessible(phone.page);
    await button(en.app.close).click();
    for (const open of [en.conversation.change, en.history.title, en.settings.title]) {
      await button(open).click();
      await assertAccessible(phone.page);
      await button(en.app.back).click();
    }
  });

  test('nothing went wrong in the page', () => {
    assert.deepEqual(phone.problems, []);
  });
});

describe('the preview on a broken bundle', options, () => {
  let folder: string;
  let preview: PreviewProcess;
  let phone: Phone;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-broken-'));
    // The manifest promises files that are not there.
    copyFileSync(join(bundlePath, 'manifest.json'), join(folder, 'manifest.json'));
    preview = await startPreview(folder);
    phone = await openPhone();
    await phone.page.goto(preview.url);
  });

  after(async () => {
    await phone.close();
    assert.equal(await preview.interrupt(), 0);
    rmSync(folder, { recursive: true });
  });

  test('says what is wrong and what to do, and does not go on loading', async () => {
    await phone.page.getByText(en.error.title.bundle).waitFor({ timeout: MODEL });
    assert.ok(await phone.page.getByText(en.error.advice.bundle).isVisible());
    assert.ok(await phone.page.getByText(/^File: .+/).isVisible());
    assert.equal(await phone.page.getByText(en.model.loading).count(), 0);
    assert.equal(await phone.page.getByRole('progressbar').count(), 0);
    assert.deepEqual(phone.problems, []);
  });
});
