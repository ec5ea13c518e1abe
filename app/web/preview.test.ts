import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundle, ScriptedCore } from '../jest/scriptedCore';
import type { CoreSession, RunEvent, RunRequest } from '../src/core/contract';
import { CoreError } from '../src/core/errors';

import { httpCore } from './client/httpCore';
import { TOKEN_HEADER } from './protocol';
import { serve, type Preview } from './server/server';

const conversation: RunRequest = {
  input: { kind: 'conversation', messages: [{ speaker: 'Ana', text: 'private words' }] },
  mainTask: 'summarize',
  into: ['es'],
  mode: 'auto',
  replySpeaker: 'Bea',
  maxTokens: 64,
};

let outside: string;
let folder: string;
let core: ScriptedCore;
let preview: Preview;
let token: string;

beforeEach(async () => {
  outside = mkdtempSync(join(tmpdir(), 'tandem-preview-'));
  folder = join(outside, 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), '<meta name="tandem-token" content="%TANDEM_TOKEN%">');
  core = new ScriptedCore();
  preview = await serve(core, folder, 0);
  token = /content="(\w+)"/.exec(await (await fetch(preview.url)).text())?.[1] ?? '';
});

afterEach(async () => {
  await preview.close();
  rmSync(outside, { recursive: true });
});

/** Waits for what happens on the other side of a socket. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

async function openSession(): Promise<CoreSession> {
  const before = core.opening.length;
  const opening = httpCore(preview.url, token).open({});
  await until(() => core.opening.length > before);
  core.loaded();
  return opening;
}

/** The status of a bare request, with headers that fetch would not let through. */
function status(path: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(preview.url);
    const request = httpRequest({ hostname, port, path, method, headers }, response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end(method === 'POST' ? '{}' : undefined);
  });
}

describe('the core over HTTP', () => {
  test('tells what the bundle offers while the model is being loaded, and then too', async () => {
    await expect(httpCore(preview.url, token).inspect()).resolves.toEqual(bundle);
    expect(core.opening).toHaveLength(0);
    expect((await openSession()).bundle).toEqual(bundle);
  });

  test('several pages share one model', async () => {
    await openSession();
    await httpCore(preview.url, token).open({});
    expect(core.opening).toHaveLength(1);
  });

  test('streams each event as it happens, then the answer', async () => {
    const session = await openSession();
    const events: RunEvent[] = [];
    const answer = session.run(conversation, event => events.push(event));
    await until(() => core.runs.length > 0);
    expect(core.runs[0]?.request).toEqual(conversation);
    core.runs[0]?.begin(0, 1);
    await until(() => events.length === 1);
    core.runs[0]?.write('Señal 👋\n');
    await until(() => events.length === 2);
    expect(events).toEqual([
      { kind: 'prompt-ready', step: 0, steps: 1 },
      { kind: 'text', step: 0, text: 'Señal 👋\n' },
    ]);
    core.runs[0]?.finish();
    await expect(answer).resolves.toMatchObject({ text: 'Señal 👋', statistics: { mode: 'calibrated' } });
  });

  test('a benchmark tells its progress, and can be cancelled', async () => {
    const session = await openSession();
    const plan = { inputs: [conversation.input], mainTask: 'summarize', into: ['es'], runs: 1 };
    const progress: unknown[] = [];
    const report = session.bench(plan, each => progress.push(each));
    await until(() => core.benches.length > 0);
    expect(core.benches[0]?.plan).toEqual(plan);
    core.benches[0]?.onProgress({ done: 1, total: 2 });
    await until(() => progress.length > 0);
    session.cancel();
    await expect(report).resolves.toMatchObject({ cancelled: true });
    expect(progress).toEqual([{ done: 1, total: 2 }]);
  });

  test('a cancel that follows a run at once stops that run and not the next', async () => {
    const session = await openSession();
    const first = session.run(conversation, () => undefined);
    session.cancel();
    const second = session.run(conversation, () => undefined);
    await expect(first).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
    await until(() => core.runs.length === 2);
    core.runs[1]?.finish();
    await expect(second).resolves.toMatchObject({ statistics: { finishReason: 'stop' } });
  });

  test('a page that goes away stops its run', async () => {
    await openSession();
    const leaving = new AbortController();
    const body = JSON.stringify(conversation);
    await fetch(new URL('/api/run', preview.url), { method: 'POST', headers: { [TOKEN_HEADER]: token }, body, signal: leaving.signal });
    const run = core.runs[0];
    leaving.abort();
    await expect(run?.answer.promise).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
  });

  test('errors arrive as they were thrown', async () => {
    const error = new CoreError({ source: 'bundle', kind: 'hash-mismatch', file: 'adapters/es', message: 'x' });
    const opening = httpCore(preview.url, token).open({});
    await until(() => core.opening.length > 0);
    core.opening[0]?.reject(error);
    await expect(opening).rejects.toEqual(error);

    const session = await openSession();
    const run = session.run(conversation, () => undefined);
    await until(() => core.runs.length > 0);
    core.runs[0]?.answer.reject(new CoreError({ source: 'engine', kind: 'generation', message: 'y' }));
    await expect(run).rejects.toMatchObject({ source: 'engine', kind: 'generation' });
  });

  test('a chat file arrives as it is', async () => {
    const { buffer } = new Uint8Array(Buffer.from('Ana: Señal 👋'));
    await expect(httpCore(preview.url, token).readChat({ bytes: buffer })).resolves.toEqual([{ speaker: 'Ana', text: 'Señal 👋' }]);
    await expect(httpCore(preview.url, token).readChat({ path: '/etc/passwd' })).rejects.toMatchObject({ source: 'internal' });
  });

  test('a server that goes away is told, not waited for', async () => {
    const session = await openSession();
    const run = session.run(conversation, () => undefined);
    await until(() => core.runs.length > 0);
    await preview.close();
    await expect(run).rejects.toMatchObject({ source: 'connection' });
    await expect(session.run(conversation, () => undefined)).rejects.toMatchObject({ source: 'connection' });
    preview = await serve(core, folder, 0);
  });

  test.each([
    '{',
    '{}',
    ...[{ mode: 'toString' }, { into: 'es' }, { input: { kind: 'text', text: 7 } }, { maxTokens: 0 }, { maxTokens: 1.5 }, { replySpeaker: 7 }].map(changes =>
      JSON.stringify({ ...conversation, ...changes }),
    ),
  ])('a malformed request reaches no model, and its error quotes nothing: %s', async body => {
    await openSession();
    const response = await fetch(new URL('/api/run', preview.url), { method: 'POST', headers: { [TOKEN_HEADER]: token }, body });
    expect(response.status).toBe(422);
    expect(await response.text()).not.toContain('private');
    expect(core.runs).toHaveLength(0);
  });
});

describe('other pages and programs', () => {
  const calls = ['/api/inspect', '/api/open', '/api/parse-chat', '/api/read-chat', '/api/cancel', '/api/run', '/api/bench', '/api/unknown'];
  const host = () => new URL(preview.url).host;

  test.each(calls)('%s is refused without the token, and with another', async path => {
    for (const given of ['', 'f'.repeat(64), token.slice(1), `${token}0`])
      expect(await status(path, 'POST', { host: host(), [TOKEN_HEADER]: given })).toBe(403);
    expect(core.opening).toHaveLength(0);
  });

  test.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://127.0.0.1:1'])('the origin %s is refused even with the token', async origin => {
    expect(await status('/api/inspect', 'POST', { host: host(), origin, [TOKEN_HEADER]: token })).toBe(403);
    expect(await status('/api/inspect', 'POST', { host: host(), origin: `http://${host()}`, [TOKEN_HEADER]: token })).toBe(200);
  });

  test.each(['evil.example', 'evil.example:80', '127.0.0.1', '[::1]:80'])(
    'the host name %s is refused, for the page too: it would give the token away',
    async name => {
      expect(await status('/', 'GET', { host: name })).toBe(403);
      expect(await status('/api/inspect', 'POST', { host: name, [TOKEN_HEADER]: token })).toBe(403);
    },
  );

  test.each(['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '//etc/passwd', '/.html', '/main.ts'])(
    'no file outside the built page is given out: %s',
    async path => {
      writeFileSync(join(outside, 'package.json'), '{}');
      expect(await status(path, 'GET', { host: host() })).toBe(404);
    },
  );

  test('the page may not be framed, and loads nothing from elsewhere', async () => {
    const { headers } = await fetch(preview.url);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  test('the token is new with each run', async () => {
    const other = await serve(core, folder, 0);
    expect(await (await fetch(other.url)).text()).not.toContain(token);
    await other.close();
  });
});
