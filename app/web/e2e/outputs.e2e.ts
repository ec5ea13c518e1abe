import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import type { Task } from '../../src/core/contract';
import { mainTaskName, startName, taskName, tasksName } from '../../src/features/choice/names';
import { en } from '../../src/i18n/en';
import { intlLanguageName, languageNameBy } from '../../src/i18n/languageName';

import { assertAccessible } from './accessible';
import { languageOf, MODEL, offered, options, set } from './demo';
import { onPreview } from './onPreview';

const languageName = (tag: string) => languageNameBy(intlLanguageName)(tag, 'en-GB');

/** Whatever the demo bundle offers: nothing here names a language, a tone or a task. */
describe('summaries and replies in every language and tone of the bundle, on the real core', options, () => {
  const phone = onPreview();
  const chip = (row: string, name: string) => phone.page.getByRole('radiogroup', { name: row }).getByRole('radio', { name, exact: true });

  before(async () => {
    await phone.page.getByRole('radio').first().waitFor({ timeout: MODEL });
    await set(phone.page, en.settings.length, en.settings.lengthOf('64'));
  });

  /** Makes what is chosen and gives the text of each card by its title, in order. */
  async function make(main: string): Promise<Map<string, string>> {
    const start = phone.button(startName(main, en));
    await start.click();
    await phone.button(en.answer.stop).waitFor();
    await start.waitFor({ timeout: 4 * MODEL });
    const cards = await phone.page
      .getByRole('region')
      .filter({ has: phone.page.getByTestId('summary') })
      .all();
    return new Map(
      await Promise.all(cards.map(async card => [(await card.getAttribute('aria-label')) ?? '', await card.getByTestId('summary').innerText()] as const)),
    );
  }

  /** All outputs of a main task that have at most one other task, of this kind. */
  function outputsOf(main: string, kind: Task['kind']): Task[][] {
    const { tasks, compositions } = offered();
    const own = compositions.filter(([first]) => first === main).map(([, ...others]) => others.map(id => tasks.find(task => task.id === id)));
    return own.flatMap(others => (others.length <= 1 && others.every(task => task?.kind === kind) ? [others as Task[]] : []));
  }

  async function chooseNeither(): Promise<void> {
    for (const chosen of [chip(en.choice.language, en.choice.original), chip(en.choice.tone, en.choice.plain)]) {
      if (await chosen.isVisible()) await chosen.click();
    }
  }

  async function check(main: string, kind: 'translation' | 'tone'): Promise<void> {
    const [row, several, none] =
      kind === 'translation' ? [en.choice.language, en.choice.allOf.language, en.choice.original] : [en.choice.tone, en.choice.allOf.tone, en.choice.plain];
    const outputs = outputsOf(main, kind);
    const { tasks } = offered();
    const title = (others: Task[]) => tasksName([main, ...others.map(({ id }) => id)], tasks, en, languageName);
    const made = new Map<string, string>();
    const add = (cards: Map<string, string>) => {
      for (const [name, text] of cards) made.set(name, text);
    };
    if (outputs.length < 2) return; // then there is no row
    if (await chip(row, several).isVisible()) {
      await chip(row, several).click();
      add(await make(main));
    } else {
      for (const others of outputs) {
        await chip(row, others[0] ? taskName(others[0], en, languageName) : none).click();
        const cards = await make(main);
        assert.deepEqual([...cards.keys()], [title(others)]);
        add(cards);
      }
    }
    assert.deepEqual([...made.keys()].sort(), outputs.map(title).sort());
    await assertAccessible(phone.page);
    for (const others of outputs) {
      const text = made.get(title(others)) ?? '';
      assert.notEqual(text.trim(), '', title(others));
      assert.ok(![en.answer.empty, en.answer.next].includes(text), `${title(others)}: ${text}`);
      const tag = others[0]?.languageTag;
      if (tag !== undefined) assert.equal(languageOf(text), tag, text);
    }
  }

  for (const main of options.skip === false ? [...new Set(offered().compositions.map(([first = '']) => first))] : []) {
    for (const kind of ['translation', 'tone'] as const) {
      test(`${main}: every ${kind}, a card each`, async () => {
        await phone.page
          .getByRole('radiogroup', { name: en.choice.task })
          .getByRole('radio', { name: mainTaskName(main, en), exact: true })
          .click();
        await chooseNeither();
        await check(main, kind);
      });
    }
  }

  test('nothing went wrong in the page', () => {
    assert.deepEqual(phone.problems, []);
  });
});
