import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundle, Deferred, ScriptedCore } from '../jest/scriptedCore';
import type { FileLibrary } from '../src/core/bindingLibrary';
import type { CoreSession, RunEvent, RunRequest } from '../src/core/contract';
import { CoreError } from '../src/core/errors';
import type { ImportProgress, InstalledBundle, Library } from '../src/core/library';

import { connectionTo } from './client/connection';
import { httpCore } from './client/httpCore';
import { httpLibrary } from './client/httpLibrary';
import { TOKEN_HEADER } from './protocol';
import { serve, type Preview } from './server/server';

const conversation: RunRequest = {
  input: { kind: 'conversation', messages: [{ speaker: 'Ana', text: 'private words' }] },
  mainTask: 'summarize',
  into: ['es'],
  mode: 'auto',
  replySpeaker: 'Bea',
  maxTokens: 64,
  maxPromptTokens: 512,
};

/** A library whose imports the test drives; it notes the content of what it is given. */
class ScriptedLibrary implements FileLibrary {
  readonly imports: { content: string; onProgress: (progress: ImportProgress) => void; signal: AbortSignal; end: Deferred<InstalledBundle | undefined> }[] = [];
  bundles: InstalledBundle[] = ['a', 'b'].map(id => ({ id, inUse: id === 'a', state: { kind: 'ready', bundle, fit: 'fits' } }));

  readonly list = () => Promise.resolve(this.bundles);
  readonly use = (id: string) => {
    this.bundles = this.bundles.map(each => ({ ...each, inUse: each.id === id }));
    return Promise.resolve();
  };
  readonly remove = (id: string) => {
    this.bundles = this.bundles.filter(each => each.id !== id);
    return Promise.resolve();
  };
  readonly importFile: FileLibrary['importFile'] = (_, file, onProgress, signal) => {
    const end = new Deferred<InstalledBundle | undefined>();
    signal.addEventListener('abort', () => {
      end.resolve(undefined);
    });
    this.imports.push({ content: 'path' in file ? readFileSync(file.path, 'utf8') : '', onProgress, signal, end });
    return end.promise;
  };
}

let outside: string;
let folder: string;
let uploads: string;
let core: ScriptedCore;
let library: ScriptedLibrary;
let preview: Preview;
let token: string;

beforeEach(async () => {
  outside = mkdtempSync(join(tmpdir(), 'tandem-preview-'));
  folder = join(outside, 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), '<meta name="tandem-token" content="%TANDEM_TOKEN%">');
  uploads = join(outside, 'uploads');
  mkdirSync(uploads);
  core = new ScriptedCore();
  library = new ScriptedLibrary();
  preview = await start();
  token = /content="(\w+)"/.exec(await (await fetch(preview.url)).text())?.[1] ?? '';
});

afterEach(async () => {
  await preview.close();
  rmSync(outside, { recursive: true });
});

const start = () => serve({ core, library, page: folder, uploads, port: 0 });
const connection = () => connectionTo(preview.url, token);

/** Waits for what happens on the other side of a socket. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

async function openSession(): Promise<CoreSession> {
  const before = core.opening.length;
  const opening = httpCore(connection()).open({});
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
    await expect(httpCore(connection()).inspect()).resolves.toEqual(bundle);
    expect(core.opening).toHaveLength(0);
    expect((await openSession()).bundle).toEqual(bundle);
  });

  test('several pages share one model', async () => {
    await openSession();
    await httpCore(connection()).open({});
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
    const stopping = new AbortController();
    const report = session.bench(plan, each => progress.push(each), stopping.signal);
    await until(() => core.benches.length > 0);
    expect(core.benches[0]?.plan).toEqual(plan);
    core.benches[0]?.onProgress({ done: 1, total: 2 });
    await until(() => progress.length > 0);
    stopping.abort();
    await expect(report).resolves.toMatchObject({ cancelled: true });
    expect(progress).toEqual([{ done: 1, total: 2 }]);
  });

  test.each(['before', 'after'])('a cancel %s a run stops that run and no other', async when => {
    const session = await openSession();
    const stopping = new AbortController();
    const other = session.run(conversation, () => undefined);
    await until(() => core.runs.length === 1);
    if (when === 'before') stopping.abort();
    const run = session.run(conversation, () => undefined, stopping.signal);
    stopping.abort();
    await expect(run).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
    core.runs[0]?.finish();
    await expect(other).resolves.toMatchObject({ statistics: { finishReason: 'stop' } });
  });

  test('a page that goes away stops its run', async () => {
    await openSession();
    const leaving = new AbortController();
    const body = JSON.stringify({ ...conversation, id: 'a' });
    await fetch(new URL('/api/run', preview.url), { method: 'POST', headers: { [TOKEN_HEADER]: token }, body, signal: leaving.signal });
    const run = core.runs[0];
    leaving.abort();
    await expect(run?.answer.promise).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
  });

  test('errors arrive as they were thrown', async () => {
    const error = new CoreError({ source: 'bundle', kind: 'hash-mismatch', file: 'adapters/es', message: 'x' });
    const opening = httpCore(connection()).open({});
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
    await expect(httpCore(connection()).readChat({ bytes: buffer })).resolves.toEqual([{ speaker: 'Ana', text: 'Señal 👋' }]);
    await expect(httpCore(connection()).readChat({ path: '/etc/passwd' })).rejects.toMatchObject({ source: 'internal' });
  });

  test('a server that goes away is told, not waited for', async () => {
    const session = await openSession();
    const run = session.run(conversation, () => undefined);
    await until(() => core.runs.length > 0);
    await preview.close();
    await expect(run).rejects.toMatchObject({ source: 'connection' });
    await expect(session.run(conversation, () => undefined)).rejects.toMatchObject({ source: 'connection' });
    preview = await start();
  });

  test.each([
    '{',
    '{}',
    ...[
      { mode: 'toString' },
      { into: 'es' },
      { input: { kind: 'text', text: 7 } },
      { maxTokens: 0 },
      { maxTokens: 1.5 },
      { maxPromptTokens: '512' },
      { replySpeaker: 7 },
      { id: 7 },
    ].map(changes => JSON.stringify({ ...conversation, id: 'a', ...changes })),
  ])('a malformed request reaches no model, and its error quotes nothing: %s', async body => {
    await openSession();
    const response = await fetch(new URL('/api/run', preview.url), { method: 'POST', headers: { [TOKEN_HEADER]: token }, body });
    expect(response.status).toBe(422);
    expect(await response.text()).not.toContain('private');
    expect(core.runs).toHaveLength(0);
  });
});

describe('the library over HTTP', () => {
  const picking = (file: File | undefined): Library => httpLibrary(connection(), () => Promise.resolve(file));
  const file = new File(['Señal 👋'], 'demo.tandem');
  const begin = async (kind: 'bundle' | 'base' = 'bundle', aborting = new AbortController()) => {
    const told: ImportProgress[] = [];
    const imported = picking(file).importPicked(kind, progress => told.push(progress), aborting.signal);
    await until(() => library.imports.length > 0);
    const [going] = library.imports;
    if (!going) throw new Error('the import has begun');
    return { told, imported, going };
  };

  test('a picked file arrives as it is, tells how far it is, and is not kept', async () => {
    const { told, imported, going } = await begin();
    expect(going.content).toBe('Señal 👋');
    going.onProgress({ phase: 'verifying', doneBytes: 1, totalBytes: 2 });
    await until(() => told.length > 1);
    expect(told).toEqual([
      { phase: 'copying', doneBytes: 0, totalBytes: file.size },
      { phase: 'verifying', doneBytes: 1, totalBytes: 2 },
    ]);
    going.end.resolve(library.bundles[1]);
    await expect(imported).resolves.toEqual(library.bundles[1]);
    await until(() => readdirSync(uploads).length === 0);
  });

  test('a refused file is told with its reason, and is not kept', async () => {
    const { imported, going } = await begin();
    const refused = new CoreError({ source: 'bundle', kind: 'file-hash', file: 'adapters/es', message: 'x' });
    going.end.reject(refused);
    await expect(imported).rejects.toEqual(refused);
    await until(() => readdirSync(uploads).length === 0);
  });

  test('an import that the page aborts is stopped on the server, and is no error', async () => {
    const aborting = new AbortController();
    const { imported, going } = await begin('bundle', aborting);
    aborting.abort();
    await expect(imported).resolves.toBeUndefined();
    await until(() => going.signal.aborted);
    await until(() => readdirSync(uploads).length === 0);
  });

  test('a user who goes back sends nothing', async () => {
    await expect(picking(undefined).importPicked('bundle', () => undefined, new AbortController().signal)).resolves.toBeUndefined();
    expect(library.imports).toEqual([]);
  });

  test('a base model is taken in, and the model then opened anew', async () => {
    await openSession();
    const { imported, going } = await begin('base');
    going.end.resolve(undefined);
    await expect(imported).resolves.toBeUndefined();
    expect(core.closed).toBe(1);
  });

  test('the model is let go when another bundle is used, or that in use is removed', async () => {
    await openSession();
    const client = picking(undefined);
    await client.remove('b');
    expect(core.closed).toBe(0);
    await client.use('a');
    expect(core.closed).toBe(1);
    await openSession();
    await client.remove('a');
    expect(core.closed).toBe(2);
    await expect(client.list()).resolves.toEqual([]);
  });
});

describe('other pages and programs', () => {
  const calls = [
    '/api/bundles',
    '/api/use-bundle',
    '/api/remove-bundle',
    '/api/import-bundle',
    '/api/import-base',
    '/api/inspect',
    '/api/open',
    '/api/parse-chat',
    '/api/read-chat',
    '/api/cancel',
    '/api/run',
    '/api/bench',
    '/api/unknown',
  ];
  const host = () => new URL(preview.url).host;

  test.each(calls)('%s is refused without the token, and with another', async path => {
    for (const given of ['', 'f'.repeat(64), token.slice(1), `${token}0`])
      expect(await status(path, 'POST', { host: host(), [TOKEN_HEADER]: given })).toBe(403);
    expect(core.opening).toHaveLength(0);
    expect(library.imports).toHaveLength(0);
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
    const other = await start();
    expect(await (await fetch(other.url)).text()).not.toContain(token);
    await other.close();
  });
});
