import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'vite';

const app = join(import.meta.dirname, '..', '..');
const root = join(app, '..');

/** What the page is made of. */
const sources = [join(app, 'src'), join(app, 'web'), join(root, 'assets', 'samples'), join(root, 'package-lock.json')];

/** The folder of the built page, which is built anew when a source is newer. */
export async function builtPage(): Promise<string> {
  const folder = join(app, 'dist', 'web');
  const page = join(folder, 'index.html');
  if (!existsSync(page) || newest(sources) > statSync(page).mtimeMs) {
    await build({ configFile: join(app, 'web', 'vite.config.ts'), logLevel: 'warn' });
  }
  return folder;
}

/** When the latest of these files, or of the files below these folders, was changed; in milliseconds. */
function newest(paths: string[]): number {
  return Math.max(
    ...paths.map(path => {
      const { mtimeMs } = statSync(path);
      return statSync(path).isDirectory() ? Math.max(mtimeMs, newest(readdirSync(path).map(name => join(path, name)))) : mtimeMs;
    }),
  );
}
