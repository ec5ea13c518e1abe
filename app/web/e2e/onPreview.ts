import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import type { Locator, Page } from 'playwright-core';

import { openPhone, type Look, type Phone } from './browser';
import { button } from './demo';
import { bundlePath, startPreview, type PreviewProcess } from './preview';

/** The preview in a browser, for the tests of one `describe`. */
export type OnPreview = {
  readonly page: Page;
  /** What went wrong in the page. */
  readonly problems: string[];
  button: (name: string) => Locator;
};

/** Starts the preview and a browser before the tests and ends them after; an interrupted preview must end well. `bundle` may be made by an earlier hook. */
export function onPreview(bundle: () => string = () => bundlePath, look?: Look): OnPreview {
  let preview: PreviewProcess;
  let phone: Phone;
  before(async () => {
    preview = await startPreview(bundle());
    phone = await openPhone(look);
    await phone.page.goto(preview.url);
  });
  after(async () => {
    await phone.close();
    assert.equal(await preview.interrupt(), 0);
  });
  return {
    get page() {
      return phone.page;
    },
    get problems() {
      return phone.problems;
    },
    button: name => button(phone.page, name),
  };
}
