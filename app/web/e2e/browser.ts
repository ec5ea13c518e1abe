import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type BrowserContext, type Page } from 'playwright-core';

/** As scripts/run_tests.py and scripts/system_packages.sh have it. */
export const chromiumPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Without these Chromium looks for hosts of its maker at each start; the sandbox needs rights that root in a container has not. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page of a phone's size in a browser of its own; all that goes wrong in it is collected in `problems`. */
export type Phone = { page: Page; context: BrowserContext; problems: string[]; close: () => Promise<void> };

/** What the user has set in the system. */
export type Look = { colorScheme?: 'light' | 'dark'; reducedMotion?: 'reduce' };

export async function openPhone(look: Look = {}): Promise<Phone> {
  const profile = mkdtempSync(join(tmpdir(), 'tandem-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    colorScheme: 'light',
    ...look,
    locale: 'en-GB',
    viewport: { width: 412, height: 915 },
    deviceScaleFactor: 2,
    permissions: ['clipboard-read', 'clipboard-write'],
    args: quiet,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(120_000); // only ends what hangs
  const problems: string[] = [];
  page.on('pageerror', error => problems.push(error.message));
  page.on('console', message => {
    // A refused call is reported by the page itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text());
  });
  return {
    page,
    context,
    problems,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
