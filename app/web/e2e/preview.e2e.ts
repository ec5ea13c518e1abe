import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startName } from '../../src/features/choice/names';
import { catalogues } from '../../src/i18n';
import { en } from '../../src/i18n/en';
import { languageInItself } from '../../src/i18n/languageName';

import { assertAccessible, assertFits } from './accessible';
import { languageOf, MODEL, options, set, START } from './demo';
import { onPreview } from './onPreview';
import { bundlePath } from './preview';

const inSpanish = (text: string) => languageOf(text) === 'es';

describe('the preview on the real core', options, () => {
  const phone = onPreview();
  const { button } = phone;
  const summary = () => phone.page.getByTestId('summary');
  const details = () => button(en.answer.details);

  test('a tap on Summarise while the model loads waits, streams, and ends in Spanish', async () => {
    await phone.page.getByRole('radio', { name: 'Spanish', exact: true }).click();
    await button(START).click();
    const seen = new Set<string>();
    while (!(await details().isVisible())) {
      seen.add(await summary().innerText({ timeout: MODEL }));
      await phone.page.waitForTimeout(20);
    }
    const text = await summary().innerText();
    assert.ok(inSpanish(text), `not Spanish: ${text}`);
    assert.ok(
      [...seen].some(part => part !== '' && part !== text && text.startsWith(part)),
      'the text came all at once',
    );
    await details().click();
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
    await details().waitFor({ timeout: MODEL });
    assert.ok(inSpanish(await summary().innerText()), await summary().innerText());
  });

  test('each method of the bundle can be chosen, and the statistics name it', async () => {
    await button(en.mode.button(en.mode.name.auto)).click();
    await phone.page.getByRole('radio', { name: en.mode.name['two-step'] }).click();
    await button(START).click();
    await details().waitFor({ timeout: MODEL });
    assert.match(await phone.page.getByTestId('statistics').innerText(), new RegExp(en.mode.name['two-step']));
  });

  test('all methods are shown side by side', async () => {
    await set(phone.page, en.settings.length, en.settings.lengthOf('32')); // enough to compare, and sooner over
    await button(en.mode.button(en.mode.name['two-step'])).click();
    await phone.page.getByRole('radio', { name: en.choice.allOf.mode }).click();
    await button(START).click();
    await button(START).waitFor({ timeout: 4 * MODEL });
    assert.equal(await summary().count(), 4);
    for (const name of [en.mode.name.calibrated, en.mode.name['two-step'], en.mode.name.merge, en.mode.name['zero-shot']])
      await phone.page.getByRole('region', { name, exact: true }).getByTestId('statistics').waitFor();
  });

  test('a chat export is imported, and its last messages chosen', async () => {
    await button(en.conversation.change).click();
    const choosing = phone.page.waitForEvent('filechooser');
    await button(en.conversation.importFile).click();
    const lines = Array.from({ length: 2000 }, (_, index) => `13/03/2024, 18:01 - ${index % 2 === 0 ? 'אביגיל 👩‍🚀' : 'Jon'}: message ${String(index)}`);
    await (await choosing).setFiles({ name: 'chat.txt', mimeType: 'text/plain', buffer: Buffer.from(lines.join('\n')) });
    await button(en.range.button('2,000 messages')).click();
    await phone.page.getByRole('radio', { name: `${en.range.last('10', 10)} ${en.conversation.messages('10', 10)}`, exact: true }).click();
    const list = phone.page.getByRole('list', { name: en.conversation.label });
    await list.getByText('message 1999', { exact: true }).waitFor();
    assert.equal(await list.getByText('message 1989', { exact: true }).count(), 0);
  });

  test('nothing stands in the way of assistive technology, and every target is large enough', async () => {
    await assertAccessible(phone.page);
    for (const open of [en.range.button(en.range.last('10', 10)), en.owner.unknown]) {
      await button(open).click();
      await assertAccessible(phone.page);
      await button(en.app.close).click();
    }
    for (const open of [en.conversation.change, en.history.title, en.settings.title]) {
      await button(open).click();
      await assertAccessible(phone.page);
      await button(en.app.back).click();
    }
  });

  test('a benchmark tells its progress, is stopped, and leaves no bar', async () => {
    await button(en.settings.title).click();
    await button(en.settings.benchmark).click();
    await assertAccessible(phone.page);
    await button(en.benchmark.start).click();
    await phone.page.getByText(/^\d+ of \d+ runs$/).waitFor({ timeout: MODEL });
    await button(en.benchmark.stop).click();
    await button(en.benchmark.start).waitFor({ timeout: MODEL });
    await button(en.app.back).click();
    await button(en.app.back).click();
  });

  test('the history holds the answers over a reload, finds one and forgets all', async () => {
    await phone.page.reload();
    await button(en.history.title).click();
    const list = phone.page.getByRole('list', { name: en.history.title });
    await list.getByRole('listitem').first().waitFor();
    const all = await list.getByRole('listitem').count();
    await phone.page.getByLabel(en.history.search).fill('plumber');
    let found = all;
    // The list changes when the search has ended; without an end the test times out.
    while (found === all) {
      await phone.page.waitForTimeout(50);
      found = await list.getByRole('listitem').count();
    }
    assert.ok(found > 0, 'the answer to the pasted chat is found by a word of the chat');
    const download = phone.page.waitForEvent('download');
    await button(en.history.exportAll).click();
    assert.equal((await download).suggestedFilename(), 'tandem.md');
    await button(en.history.removeAll).click();
    await phone.page.getByRole('button', { name: en.history.removeAll, exact: true }).last().click();
    await phone.page.getByText(en.history.noneFound).waitFor();
    await button(en.app.back).click();
  });

  test('the whole app speaks each of its languages', async () => {
    let messages = en;
    for (const [language, next] of [...Object.entries(catalogues), ['en', en] as const]) {
      await button(messages.settings.title).click();
      await phone.page.getByRole('button', { name: messages.settings.language }).click();
      await phone.page.getByRole('radio', { name: languageInItself[language] ?? '' }).click();
      messages = next;
      await phone.page.getByRole('heading', { name: messages.settings.title, exact: true }).waitFor();
      await assertFits(phone.page);
      await button(messages.app.back).click();
      await button(startName('summarize', messages)).waitFor();
      assert.match((await phone.page.locator('html').getAttribute('lang')) ?? '', new RegExp(`^${language}`));
      await assertFits(phone.page);
    }
  });

  test('nothing went wrong in the page', () => {
    assert.deepEqual(phone.problems, []);
  });
});

describe('the preview on a broken bundle', options, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-broken-'));
    // The manifest promises files that are not there.
    copyFileSync(join(bundlePath, 'manifest.json'), join(folder, 'manifest.json'));
  });
  const phone = onPreview(() => folder);
  after(() => {
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

describe('the preview in the dark', options, () => {
  const phone = onPreview(undefined, { colorScheme: 'dark' });

  test('is dark, and as readable', async () => {
    await phone.page.getByRole('radio').first().waitFor();
    await assertAccessible(phone.page);
    await phone.button(en.settings.title).click();
    await assertAccessible(phone.page);
    const { red, green, blue } = await phone.page.evaluate(() => {
      let element = document.elementFromPoint(200, 890);
      while (element && getComputedStyle(element).backgroundColor === 'rgba(0, 0, 0, 0)') element = element.parentElement;
      const [r = 255, g = 255, b = 255] = element ? (getComputedStyle(element).backgroundColor.match(/\d+/g) ?? []).map(Number) : [];
      return { red: r, green: g, blue: b };
    });
    assert.ok(Math.max(red, green, blue) < 80, `the background is rgb(${String(red)}, ${String(green)}, ${String(blue)})`);
  });
});
