import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Page } from 'playwright-core';

import { TOUCH_TARGET } from '../../src/ui/touchTarget';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Axe = { run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

/** Checks what the page shows now by axe's rules, and the size of everything that can be tapped. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.waitForTimeout(500); // a dialog's colours are others while it fades in
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const results = await (window as unknown as { axe: Axe }).axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  });
  assert.deepEqual(violations, []);
  for (const target of await page.locator('[role=button]:visible, button:visible, [role=radio]:visible, [role=switch]:visible').all()) {
    const { width, height } = (await target.boundingBox()) ?? { width: 0, height: 0 };
    assert.ok(width >= TOUCH_TARGET && height >= TOUCH_TARGET, `"${await target.innerText()}" is ${String(width)} x ${String(height)}`);
  }
}

/** Checks that nothing on the page is wider than it: long words of a language must wrap or be cut. */
export async function assertFits(page: Page): Promise<void> {
  const { width, content } = await page.evaluate(() => ({ width: innerWidth, content: document.documentElement.scrollWidth }));
  assert.ok(content <= width, `the page is ${String(width)} wide, its content ${String(content)}`);
}
