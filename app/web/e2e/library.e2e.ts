import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { en } from '../../src/i18n/en';

import { assertAccessible } from './accessible';
import { languageOf, MODEL, options, START } from './demo';
import { onPreview } from './onPreview';
import { bundlePath } from './preview';
import { writeTandemFile } from './tandemFile';

/** An adapter that every demo bundle has. */
const ADAPTER = 'adapters/es/adapter_model.safetensors';

describe('the models screen on the real core, without a bundle at first', options, () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-e2e-'));
    writeTandemFile(bundlePath, path('demo.tandem'));
  });
  const phone = onPreview(() => path('none'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const tap = (name: string) => phone.button(name).click();
  const text = (shown: string | RegExp) => phone.page.getByText(shown, { exact: true }).locator('visible=true');
  const importFile = async (label: string, file: string) => {
    const choosing = phone.page.waitForEvent('filechooser');
    await tap(label);
    await (await choosing).setFiles(file);
  };

  test('the first screen says so, as no error, and leads there', async () => {
    await text(en.library.noneHint).waitFor({ timeout: MODEL });
    assert.equal(await phone.page.getByRole('alert').locator('visible=true').count(), 0);
    await assertAccessible(phone.page);
    await tap(en.library.setUp);
    await text(en.library.none).waitFor();
    await assertAccessible(phone.page);
  });

  test('a bundle with one changed byte is refused by the file’s name, and no bar is left', async () => {
    writeTandemFile(bundlePath, path('broken.tandem'));
    const bytes = readFileSync(path('broken.tandem'));
    const at = bytes.indexOf(ADAPTER) + ADAPTER.length + 5000;
    const file = openSync(path('broken.tandem'), 'r+');
    writeSync(file, Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
    closeSync(file);
    await importFile(en.library.importOne, path('broken.tandem'));
    await text(en.error.title.bundle).waitFor({ timeout: MODEL });
    assert.ok(await text(en.error.file(ADAPTER)).isVisible());
    assert.equal(await phone.page.getByRole('progressbar').locator('visible=true').count(), 0);
    assert.ok(await text(en.library.none).isVisible());
    await assertAccessible(phone.page);
  });

  test('a good bundle is imported with progress, and is in use', async () => {
    await importFile(en.library.importOne, path('demo.tandem'));
    await text(/^.+ of .+ MB$/).waitFor({ timeout: MODEL });
    await text(/ · in use$/).waitFor({ timeout: MODEL });
    assert.equal(await phone.page.getByRole('progressbar').locator('visible=true').count(), 0);
    assert.equal(await text(en.error.title.bundle).count(), 0);
    await assertAccessible(phone.page);
  });

  test('and makes a Spanish summary', async () => {
    await tap(en.app.back);
    await phone.page.getByRole('radio', { name: 'Spanish', exact: true }).click();
    await tap(START);
    await phone.button(en.answer.details).waitFor({ timeout: MODEL });
    const summary = await phone.page.getByTestId('summary').innerText();
    assert.equal(languageOf(summary), 'es', summary);
  });

  test('a removed bundle is gone, and the first screen says so', async () => {
    await tap(en.settings.title);
    await tap(en.settings.bundles);
    await tap(en.library.remove);
    await assertAccessible(phone.page);
    await tap(en.library.removeSure);
    await text(en.library.none).waitFor();
    await tap(en.app.back);
    await tap(en.app.back);
    await text(en.model.missing).waitFor({ timeout: MODEL });
    assert.equal(await phone.page.getByText(en.model.loading).count(), 0);
    assert.deepEqual(phone.problems, []);
  });
});
