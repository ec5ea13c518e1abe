import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { en } from '../../src/i18n/en';

import { assertAccessible, assertFits } from './accessible';
import { MODEL, options, START } from './demo';
import { enlarge, assertNothingCut } from './largeText';
import { onPreview } from './onPreview';

/** The screens that lead from the first one, by the buttons' names. */
const SCREENS = [
  [en.conversation.change],
  [en.history.title],
  [en.settings.title],
  [en.settings.title, en.settings.bundles],
  [en.settings.title, en.settings.benchmark],
  [en.settings.title, en.about.title],
];

describe('the preview by the keyboard alone', options, () => {
  const phone = onPreview();
  const focused = () => phone.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
  /** Goes on to the element of this name, as a user does who listens to each. */
  const tabTo = async (name: string) => {
    for (let steps = 0; steps < 60; steps += 1) {
      if ((await focused()).endsWith(name)) return;
      await phone.page.keyboard.press('Tab');
    }
    assert.fail(`"${name}" is not reached`);
  };
  const press = async (name: string, key = 'Enter') => {
    await tabTo(name);
    await phone.page.keyboard.press(key);
  };

  test('from a typed chat to its Spanish summary', async () => {
    await phone.page.getByRole('radio').first().waitFor({ timeout: MODEL });
    await press(en.conversation.change);
    await tabTo(en.conversation.textLabel);
    await phone.page.keyboard.type('Marta: The plumber comes on Tuesday at nine.\nJon: Good, I will be at home then.');
    await press(en.conversation.use);
    await press('Spanish', 'Space');
    assert.ok(await phone.page.getByRole('radio', { name: 'Spanish', exact: true }).isChecked());
    await press(START);
    await phone.button(en.answer.details).waitFor({ timeout: MODEL });
    assert.notEqual((await phone.page.getByTestId('summary').innerText()).trim(), '');
  });

  test('a dialog takes the focus, keeps it, chooses, and gives it back', async () => {
    const opener = en.mode.button(en.mode.name.auto);
    const dialog = phone.page.getByRole('dialog', { name: en.mode.label });
    await press(opener);
    await dialog.waitFor();
    for (let steps = 0; steps < 12; steps += 1) {
      await phone.page.keyboard.press(steps < 9 ? 'Tab' : 'Shift+Tab');
      assert.ok(await dialog.evaluate(element => element.contains(document.activeElement)), `after ${String(steps + 1)} steps: ${await focused()}`);
    }
    await phone.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await focused(), opener);
    await press(opener);
    const twoSteps = dialog.getByRole('radio', { name: en.mode.name['two-step'] });
    await tabTo(await twoSteps.evaluate(element => element.textContent));
    await phone.page.keyboard.press('Enter');
    await phone.button(en.mode.button(en.mode.name['two-step'])).waitFor();
    assert.deepEqual(phone.problems, []);
  });
});

describe('the preview with letters of twice the size', options, () => {
  const phone = onPreview();

  test('shows every text in full, with an answer and on every screen', async () => {
    await phone.button(START).click();
    await phone.button(en.answer.details).waitFor({ timeout: MODEL });
    await enlarge(phone.page);
    await assertNothingCut(phone.page);
    for (const path of SCREENS) {
      for (const name of path) await phone.button(name).click();
      await enlarge(phone.page);
      await assertNothingCut(phone.page);
      for (let above = path.length; above > 0; above -= 1) await phone.button(en.app.back).click();
    }
  });

  test('and in a dialog', async () => {
    for (const open of [en.mode.button(en.mode.name.auto), en.range.button('9 messages')]) {
      await phone.button(open).click();
      await enlarge(phone.page);
      await assertNothingCut(phone.page);
      await phone.button(en.app.close).click();
    }
  });

  test('keeps the button in sight on a phone that lies on its side', async () => {
    await phone.page.setViewportSize({ width: 780, height: 360 });
    const { y, height } = (await phone.button(START).boundingBox()) ?? { y: 0, height: Infinity };
    assert.ok(y + height <= 360, `it ends at ${String(y + height)}`);
  });

  test('the check sees a text that is shortened', async () => {
    const title = phone.page.getByRole('heading', { name: en.app.name, exact: true });
    await title.evaluate(element => {
      element.style.width = '40px';
    });
    await assert.rejects(assertNothingCut(phone.page), /Tandem/);
    await title.evaluate(element => {
      element.style.width = '';
    });
    await assertNothingCut(phone.page);
  });

  test('the check sees what is cut', async () => {
    await phone.button(START).evaluate(element => {
      element.style.height = '20px';
      element.style.overflow = 'hidden';
    });
    await assert.rejects(assertNothingCut(phone.page), /Summarise/);
  });
});

describe('the preview on a small screen with less motion', options, () => {
  const phone = onPreview(undefined, { reducedMotion: 'reduce' });
  const LONG = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh von und zu der Mühle am Bach';
  const chat = [`أحمد 👩‍🚀: صباح الخير`, `${LONG}: Meet at 9 🌞`, `אביגיל: בוקר טוב`, `Jon: Fine 👍🏽`];

  test('long, right-to-left and emoji names are shown whole, and nothing is wider than the screen', async () => {
    await phone.page.setViewportSize({ width: 320, height: 568 });
    await phone.button(en.conversation.change).click();
    await phone.page.getByLabel(en.conversation.textLabel).fill(chat.map(line => `13/03/2024, 18:01 - ${line}`).join('\n'));
    await phone.button(en.conversation.use).click();
    const list = phone.page.getByRole('list', { name: en.conversation.label });
    await list.getByText('Fine 👍🏽', { exact: true }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), chat.length);
    // The side on which a text begins is that of its own script.
    for (const [text, side] of [
      ['صباح الخير', 'rtl'],
      ['Meet at 9 🌞', 'ltr'],
      ['בוקר טוב', 'rtl'],
    ] as const) {
      assert.equal(await list.getByText(text, { exact: true }).evaluate(element => getComputedStyle(element).direction), side, text);
    }
    await phone.button(en.owner.unknown).click();
    await phone.page.getByRole('radio', { name: LONG }).click();
    await phone.button(en.owner.button(LONG)).waitFor();
    await assertFits(phone.page);
    await assertAccessible(phone.page);
  });

  test('a dialog is there or not, and never in between', async () => {
    await phone.button(en.settings.title).click();
    await phone.page.evaluate(() => {
      const faded = ((window as unknown as { faded: string[] }).faded = []) as string[];
      new MutationObserver(() => {
        const opacity = document.querySelector<HTMLElement>('[data-testid="modal-surface"]')?.style.opacity ?? '';
        if (Number(opacity) > 0 && Number(opacity) < 1) faded.push(opacity);
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await phone.page.getByRole('button', { name: en.settings.theme }).click();
    await phone.page.getByRole('dialog').waitFor();
    await phone.button(en.app.close).click();
    await phone.page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(await phone.page.evaluate(() => (window as unknown as { faded: string[] }).faded), []);
    assert.deepEqual(phone.problems, []);
  });
});
