import { whenAborted } from '../../src/core/abort';
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
  const stream = async <Name extends 'run' | 'bench'>(
    name: Name,
    body: Omit<Streams[Name]['request'], 'id'>,
    onStep: (step: Streams[Name]['step']) => void,
    signal: AbortSignal | undefined,
  ): Promise<Streams[Name]['end']> => {
    const id = crypto.randomUUID();
    const accepted = postJson(name, { ...body, id });
    // The cancel must not overtake what it stops.
    const end = whenAborted(signal, () => {
      accepted.then(() => call('cancel', { id })).catch(() => undefined); // then the run fails in the same way and reports it
    });
    try {
      return await endOf<Streams[Name]>(await accepted, onStep);
    } finally {
      end();
    }
  };
  return {
    bundle,
    run: (request, onEvent, signal) => stream('run', request, onEvent, signal),
    bench: (plan, onProgress, signal) => stream('bench', plan, onProgress, signal),
    // The model belongs to the server, which serves other tabs too.
    close: () => Promise.resolve(),
  };
}
