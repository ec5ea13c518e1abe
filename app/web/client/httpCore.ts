import type { BundleInfo, Core, CoreSession } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import { READ_CHAT, type Messages, type Streams } from '../protocol';

import { endOf, jsonOf, type Connection } from './connection';

/** The core behind the preview's server. */
export function httpCore(connection: Connection): Core {
  const { call, postBytes } = connection;
  return {
    inspect: () => call('inspect', {}),
    open: async () => httpSession(await call('open', {}), connection),
    parseChat: async text => (await call('parse-chat', { text })).messages,
    readChat: async file => {
      if (!('bytes' in file)) throw new CoreError({ source: 'internal', kind: 'no-path', message: 'a page cannot read a file by its path' });
      return (await jsonOf<Messages>(await postBytes(READ_CHAT, file.bytes))).messages;
    },
  };
}

function httpSession(bundle: BundleInfo, { call, postJson }: Connection): CoreSession {
  // The server stops what is running there: a cancel must not overtake its own run, nor a run the cancel before it.
  let accepted: Promise<unknown> = Promise.resolve();
  let cancelled: Promise<unknown> = Promise.resolve();
  const stream = async <Name extends keyof Streams>(
    name: Name,
    body: Streams[Name]['request'],
    onStep: (step: Streams[Name]['step']) => void,
  ): Promise<Streams[Name]['end']> => {
    const response = cancelled.then(() => postJson(name, body));
    accepted = response.catch(() => undefined); // who started it reports it
    return endOf<Streams[Name]>(await response, onStep);
  };
  return {
    bundle,
    run: (request, onEvent) => stream('run', request, onEvent),
    bench: (plan, onProgress) => stream('bench', plan, onProgress),
    cancel: () => {
      cancelled = accepted.then(() => call('cancel', {})).catch(() => undefined); // then the run fails in the same way and reports it
    },
    // The model belongs to the server, which serves other tabs too.
    close: () => undefined,
  };
}
