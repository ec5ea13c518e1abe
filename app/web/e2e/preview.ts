import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const app = join(import.meta.dirname, '..', '..');

export const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(app, '..', 'build', 'bundle');

/** Why the demo bundle cannot be used, if so. */
export function bundleMissing(): string | undefined {
  return existsSync(join(bundlePath, 'manifest.json')) ? undefined : `no bundle at ${bundlePath}; 'make bundle' exports one`;
}

/** The preview as a user starts it, in a process of its own. */
export type PreviewProcess = {
  url: string;
  /** As Ctrl-C does; the exit code. */
  interrupt: () => Promise<number | null>;
};

export async function startPreview(bundle: string): Promise<PreviewProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(app, 'web', 'server', 'main.ts')], {
    cwd: app,
    env: { ...process.env, TANDEM_BUNDLE: bundle, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) {
      return {
        url,
        interrupt: async () => {
          child.kill('SIGINT');
          return (await exited)[0];
        },
      };
    }
  }
  throw new Error(`the preview ended with exit code ${String((await exited)[0])} before it printed its address`);
}
