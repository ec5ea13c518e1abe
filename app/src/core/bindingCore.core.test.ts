import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { detect } from 'tinyld';

import samples from '../../../assets/samples/conversations.json';

import { bindingCore } from './bindingCore';
import type { Answer, CoreSession, RunEvent, RunRequest } from './contract';
import { noBundle } from './errors';

const core = (bundlePath: string, basePath?: string) => bindingCore(() => Promise.resolve({ bundlePath, basePath }));

describe('chat text', () => {
  test('becomes messages', async () => {
    const text = '13/03/2024, 18:01 - Marta: The plumber comes\non Tuesday.\n13/03/2024, 18:02 - Jon: Good 👍';
    await expect(core('unused').parseChat(text)).resolves.toEqual([
      { speaker: 'Marta', text: expect.stringMatching(/^The plumber comes\s+on Tuesday\.$/) as string, sentAt: '2024-03-13T18:01' },
      { speaker: 'Jon', text: 'Good 👍', sentAt: '2024-03-13T18:02' },
    ]);
  });

  test('of any kind crosses the border', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
        const messages = await core('unused').parseChat(text);
        for (const { speaker, text: said } of messages) expect([typeof speaker, typeof said]).toEqual(['string', 'string']);
      }),
    );
  });
});

describe('a chat file', () => {
  test('is read by its content or by its path, to the same messages', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tandem-chat-')), 'chat.txt');
    writeFileSync(file, 'Ana: Hi\nBea: Hello');
    const messages = [
      { speaker: 'Ana', text: 'Hi' },
      { speaker: 'Bea', text: 'Hello' },
    ];
    await expect(core('unused').readChat({ path: file })).resolves.toEqual(messages);
    const { buffer } = new Uint8Array(readFileSync(file));
    await expect(core('unused').readChat({ bytes: buffer })).resolves.toEqual(messages);
  });

  test('that is none is refused as an input, without its content', async () => {
    await expect(core('unused').readChat({ path: '/nowhere/private.txt' })).rejects.toMatchObject({ source: 'input' });
    const broken = new TextEncoder().encode('PK\u0003\u0004 private words');
    const refused = core('unused').readChat({ bytes: new Uint8Array(broken).buffer });
    await expect(refused).rejects.toMatchObject({ source: 'input' });
    await expect(refused).rejects.not.toThrow(/private/);
  });
});

test('a model is loaded when the load before it has ended', async () => {
  const places: ((none: undefined) => void)[] = [];
  const waiting = bindingCore(() => new Promise(resolve => places.push(resolve)));
  const opening = [waiting.open({}), waiting.open({})];
  await new Promise(setImmediate);
  expect(places).toHaveLength(1);
  places[0]?.(undefined);
  await expect(opening[0]).rejects.toEqual(noBundle());
  await new Promise(setImmediate);
  expect(places).toHaveLength(2);
  places[1]?.(undefined);
  await expect(opening[1]).rejects.toEqual(noBundle());
});

test('where no bundle is, that is what is said', async () => {
  const none = bindingCore(() => Promise.resolve(undefined));
  await expect(none.inspect()).rejects.toEqual(noBundle());
  await expect(none.open({})).rejects.toEqual(noBundle());
});

describe('a bundle that is none', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-core-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['no folder', () => join(folder, 'nothing')],
    ['no manifest', () => folder],
    ['a manifest of another kind', () => (writeFileSync(join(folder, 'manifest.json'), '{"format": "other/1"}'), folder)],
    ['a broken manifest', () => (writeFileSync(join(folder, 'manifest.json'), '{'), folder)],
  ])('is refused with its kind and file: %s', async (_, make) => {
    const path = make();
    const error = { name: 'CoreError', source: 'bundle', kind: expect.stringMatching(/^[a-z-]+$/) as string, file: expect.any(String) as string };
    await expect(core(path).inspect()).rejects.toMatchObject(error);
    await expect(core(path).open({})).rejects.toMatchObject(error);
  });
});

const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(__dirname, '..', '..', '..', 'build', 'bundle');
const missing = existsSync(join(bundlePath, 'manifest.json')) ? undefined : `no bundle at ${bundlePath}; 'make bundle' exports one`;
if (missing !== undefined && process.env['REQUIRE_ALL'] === '1') throw new Error(missing);
if (missing !== undefined) console.warn(`SKIPPED: tests on the real model: ${missing}`);

(missing === undefined ? describe : describe.skip)('the demo bundle', () => {
  let session: CoreSession;
  const opened: number[] = [];
  const demo = bindingCore(() => {
    opened.push(process.memoryUsage.rss());
    return Promise.resolve({ bundlePath, basePath: process.env['TANDEM_BASE'] });
  });
  beforeAll(async () => {
    session = await demo.open({});
  }, 300_000);
  afterAll(async () => {
    await session.close();
    await session.close();
  });

  const request = (index: number): RunRequest => ({
    input: { kind: 'conversation', messages: samples[index]?.conversation ?? [] },
    mainTask: 'summarize',
    into: ['es'],
    mode: 'auto',
  });

  test('is what its manifest says', async () => {
    const manifest = JSON.parse(readFileSync(join(bundlePath, 'manifest.json'), 'utf8')) as { tasks: { id: string }[]; compositions: { tasks: string[] }[] };
    expect(session.bundle.tasks.map(({ id }) => id)).toEqual(manifest.tasks.map(({ id }) => id));
    expect(session.bundle.compositions.map(({ tasks }) => tasks)).toEqual(manifest.compositions.map(({ tasks }) => tasks));
    await expect(core(bundlePath).inspect()).resolves.toEqual(session.bundle);
  });

  test('is refused, and not loaded, where too little memory is free', async () => {
    const place = { bundlePath, basePath: process.env['TANDEM_BASE'], availableBytes: 100e6 };
    const opening = bindingCore(() => Promise.resolve(place)).open({});
    await expect(opening).rejects.toMatchObject({
      source: 'memory',
      kind: 'wont-fit',
      message: expect.stringMatching(/ needs \d{4} MB .+ 100 MB are free/) as string,
    });
  });

  test('summarises a conversation in Spanish, streamed', async () => {
    const events: RunEvent[] = [];
    const { text, statistics } = await session.run(request(0), event => events.push(event));
    expect(detect(text, { only: ['en', 'es', 'fr', 'de', 'it', 'pt'] })).toBe('es');
    expect(events.map(({ kind }) => kind)).toEqual(['prompt-ready', ...events.slice(1, -1).map(() => 'text'), 'step-finished']);
    const streamed = events.map(event => (event.kind === 'text' ? event.text : '')).join('');
    expect(streamed.trim()).toBe(text);
    expect(statistics).toMatchObject({ finishReason: expect.stringMatching(/^(stop|line-break|repetition|length)$/) as string, leftOutMessages: 0, steps: 1 });
    expect(statistics.generatedTokens).toBeGreaterThan(3);
    expect(statistics.peakRssBytes).toBeGreaterThan(100_000_000);
  });

  test('stops when it is cancelled, and keeps what was written', async () => {
    let streamed = '';
    const stopping = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.kind !== 'text') return;
      streamed += event.text;
      stopping.abort();
    };
    const [stopped, next] = await Promise.all([session.run(request(1), onEvent, stopping.signal), session.run(request(1), () => undefined)]);
    expect(stopped.statistics.finishReason).toBe('cancelled');
    expect(stopped.text).toBe(streamed.trim());
    expect(next.statistics.finishReason).not.toBe('cancelled');
    // One that was stopped before it began writes nothing.
    const never = await session.run(request(1), onEvent, stopping.signal);
    expect([never.text, never.statistics.finishReason]).toEqual(['', 'cancelled']);
  });

  test('an answer and a measurement are stopped apart', async () => {
    const [answer, measurement] = [new AbortController(), new AbortController()];
    const { input, mainTask, into } = request(2);
    let answered: Promise<Answer> | undefined;
    const measured = session.bench(
      { inputs: [input], mainTask, into, runs: 1 },
      ({ done }) => {
        if (done === 1) {
          answered = session.run(request(1), () => undefined, answer.signal);
          answer.abort();
        }
        if (done === 2) measurement.abort();
      },
      measurement.signal,
    );
    await expect(measured).resolves.toMatchObject({ cancelled: true, switchMs: expect.any(Number) as number });
    await expect(answered).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
    await expect(session.run(request(0), () => undefined)).resolves.not.toMatchObject({ statistics: { finishReason: 'cancelled' } });
  });

  test('measures one pass against two steps', async () => {
    const progress: unknown[] = [];
    const { input, mainTask, into } = request(2);
    const report = await session.bench({ inputs: [input], mainTask, into, runs: 1 }, each => progress.push(each));
    expect(progress.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ tasks: ['summarize', 'es'], cancelled: false, pairs: [{ input: 0 }] });
    const [pair] = report.pairs;
    const total = (times = pair?.onePass) => (times ? times.prefillMs + times.decodeMs : NaN);
    expect(pair?.ratio).toBeCloseTo(total(pair?.twoStep) / total(), 3);
  });

  test('refuses an empty conversation and an unknown combination', async () => {
    const empty: RunRequest = { ...request(0), input: { kind: 'conversation', messages: [] } };
    await expect(session.run(empty, () => undefined)).rejects.toMatchObject({ source: 'input', kind: 'input-empty' });
    await expect(session.run({ ...request(0), into: ['none-such'] }, () => undefined)).rejects.toMatchObject({ source: 'input', kind: 'composition-unknown' });
  });

  test('a closed session says so, and the next model is loaded when its memory is free', async () => {
    const held = process.memoryUsage.rss();
    const running = session.run(request(0), () => undefined);
    const closing = session.close();
    const next = demo.open({});
    await expect(session.run(request(0), () => undefined)).rejects.toMatchObject({ source: 'closed' });
    await expect(running).resolves.toMatchObject({ statistics: { finishReason: 'cancelled' } });
    await closing;
    session = await next;
    expect(opened.at(-1)).toBeLessThan(held / 2);
  });
});
