import type { Answer, BenchPlan, BenchProgress, BenchReport, BundleInfo, Core, CoreSession, RunEvent, RunRequest } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import { BENCH, path, READ_CHAT, TOKEN_HEADER, type BenchLine, type Calls, type RunLine } from '../protocol';

import { lines } from './lines';

/** The core behind the preview's server at `base`. `token` is the one in the page that the server gave out. */
export function httpCore(base: string, token: string): Core {
  const send = async (address: string, type: string, body: string | ArrayBuffer): Promise<Response> => {
    const headers = { 'content-type': type, [TOKEN_HEADER]: token };
    const response = await fetch(new URL(address, base), { method: 'POST', headers, body }).catch(unreachable);
    if (!response.ok) throw await refusal(response);
    return response;
  };
  const post = (name: keyof Calls | 'run' | typeof BENCH, body: unknown) => send(path(name), 'application/json', JSON.stringify(body));
  const call = async <Name extends keyof Calls>(name: Name, body: Calls[Name]['request']): Promise<Calls[Name]['reply']> => {
    const response = await post(name, body);
    return (await response.json().catch(unreachable)) as Calls[Name]['reply'];
  };
  return {
    inspect: () => call('inspect', {}),
    open: async () =>
      httpSession(
        await call('open', {}),
        (name, body) => post(name, body),
        () => call('cancel', {}),
      ),
    parseChat: async text => (await call('parse-chat', { text })).messages,
    readChat: async file => {
      if (!('bytes' in file)) throw new CoreError({ source: 'internal', kind: 'no-path', message: 'a page cannot read a file by its path' });
      const response = await send(path(READ_CHAT), 'application/octet-stream', file.bytes);
      return ((await response.json().catch(unreachable)) as Calls['parse-chat']['reply']).messages;
    },
  };
}

function httpSession(
  bundle: BundleInfo,
  post: (name: 'run' | typeof BENCH, body: RunRequest | BenchPlan) => Promise<Response>,
  cancel: () => Promise<unknown>,
): CoreSession {
  // The server stops what is running there: a cancel must not overtake its own run, nor a run the cancel before it.
  let accepted: Promise<unknown> = Promise.resolve();
  let cancelled: Promise<unknown> = Promise.resolve();
  const start = (name: 'run' | typeof BENCH, body: RunRequest | BenchPlan): Promise<Response> => {
    const response = cancelled.then(() => post(name, body));
    accepted = response.catch(() => undefined); // who started it reports it
    return response;
  };
  return {
    bundle,
    run: async (request, onEvent) => readRun(await start('run', request), onEvent),
    bench: async (plan, onProgress) => readBench(await start(BENCH, plan), onProgress),
    cancel: () => {
      cancelled = accepted.then(cancel).catch(() => undefined); // then the run fails in the same way and reports it
    },
    // The model belongs to the server, which serves other tabs too.
    close: () => undefined,
  };
}

async function readRun(response: Response, onEvent: (event: RunEvent) => void): Promise<Answer> {
  for await (const line of lines(response.body, unreachable)) {
    const message = JSON.parse(line) as RunLine;
    if ('answer' in message) return message.answer;
    if ('error' in message) throw CoreError.fromJSON(message.error);
    onEvent(message.event);
  }
  return unreachable();
}

async function readBench(response: Response, onProgress: (progress: BenchProgress) => void): Promise<BenchReport> {
  for await (const line of lines(response.body, unreachable)) {
    const message = JSON.parse(line) as BenchLine;
    if ('report' in message) return message.report;
    if ('error' in message) throw CoreError.fromJSON(message.error);
    onProgress(message.progress);
  }
  return unreachable();
}

function unreachable(): never {
  throw new CoreError({ source: 'connection', kind: 'unreachable', message: 'the connection to the preview’s server was lost' });
}

async function refusal(response: Response): Promise<CoreError> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && 'error' in body) return CoreError.fromJSON(body.error);
  return new CoreError({ source: 'connection', kind: 'refused', message: `the preview’s server refused the request with status ${String(response.status)}` });
}
