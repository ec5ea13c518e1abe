import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import { assertFits } from './accessible';

/**
 * Doubles the size and the height of every line of text, as Android's font scale of 200 % does; what appears later has to be enlarged anew. Icons keep their
 * size there too.
 */
export async function enlarge(page: Page): Promise<void> {
  await page.waitForTimeout(400); // until a screen or a dialog has come
  await page.evaluate(() => {
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const hasText = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '');
      const isField = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
      if (element.dataset['enlarged'] !== undefined || element.ariaHidden === 'true' || !(hasText || isField)) continue;
      const { fontSize, lineHeight } = getComputedStyle(element);
      element.dataset['enlarged'] = '';
      element.style.fontSize = `${String(2 * parseFloat(fontSize))}px`;
      if (lineHeight !== 'normal') element.style.lineHeight = `${String(2 * parseFloat(lineHeight))}px`;
    }
  });
}

/** How often, a tenth of a second apart, is looked whether what is cut only was on its way: a busy machine draws a dialog late. */
const LOOKS = 30;

/** Checks that no text that is seen is shortened or reaches out of the box that holds it, nor over the screen's edge; what scrolls may. */
export async function assertNothingCut(page: Page): Promise<void> {
  await assertFits(page);
  let cut = await whatIsCut(page);
  for (let look = 1; cut.length > 0 && look < LOOKS; look += 1) {
    await page.waitForTimeout(100);
    cut = await whatIsCut(page);
  }
  assert.deepEqual(cut, []);
}

function whatIsCut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    return [...document.querySelectorAll<HTMLElement>('[data-enlarged]')]
      .filter(element => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && element.getBoundingClientRect().width > 0)
      .filter(element => {
        const { overflow } = getComputedStyle(element);
        const isShort = element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
        // A field scrolls; an entry of a list that opens shows the beginning of what it holds.
        if (isShort && /hidden|clip/.test(overflow) && !element.closest('input, [role=listitem] [role=button]')) return true;
        const { left, right, top, bottom } = element.getBoundingClientRect();
        for (let box = element.parentElement; box; box = box.parentElement) {
          const { overflowX, overflowY, position } = getComputedStyle(box);
          const around = box.getBoundingClientRect();
          // What scrolls shows all of what it holds, in time; so does what hangs in front of the page.
          if (/auto|scroll/.test(overflowX + overflowY) || position === 'fixed') return false;
          if (overflowY !== 'visible' && (top < around.top - 1 || bottom > around.bottom + 1)) return true;
          if (overflowX !== 'visible' && (left < around.left - 1 || right > around.right + 1)) return true;
        }
        return top < -1 || left < -1 || right > innerWidth + 1;
      })
      .map(element => element.innerText.slice(0, 60));
  });
}
