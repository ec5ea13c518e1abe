import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Core, CoreSession } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import { importOf, path, READ_CHAT, type Calls, type Messages, type Streams } from '../protocol';

import { sendLines } from './lines';
import { readBenchPlan, readBytes, readId, readJson, readRunRequest, readText } from './requests';
import { importUpload, type ImportParts } from './uploads';

/** What the calls are about. */
export type Parts = ImportParts & {
  core: Core;
  /** What stops each run and measurement, by its id. */
  running: Map<string, AbortController>;
};

/** Answers a call to the core. Throws CoreError before anything is sent. */
export async function answerCall(parts: Parts, urlPath: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { core, model, library, running } = parts;
  switch (urlPath) {
    case path('inspect'):
      send(response, (await core.inspect()) satisfies Calls['inspect']['reply']);
      return;
    case path('open'):
      send(response, (await model.load()).bundle satisfies Calls['open']['reply']);
      return;
    case path('parse-chat'):
      send(response, { messages: await core.parseChat(readText(await readJson(request))) } satisfies Calls['parse-chat']['reply']);
      return;
    case path(READ_CHAT):
      send(response, { messages: await core.readChat({ bytes: await readBytes(request) }) } satisfies Messages);
      return;
    case path('cancel'):
      running.get(readId(await readJson(request)))?.abort();
      send(response, {} satisfies Calls['cancel']['reply']);
      return;
    case path('bundles'):
      await model.freed();
      send(response, { bundles: await library.list(model.state.get().kind === 'ready') } satisfies Calls['bundles']['reply']);
      return;
    case path('use-bundle'): {
      await library.use(readId(await readJson(request)));
      // The one that is opened next is another.
      model.close();
      send(response, {} satisfies Calls['use-bundle']['reply']);
      return;
    }
    case path('remove-bundle'): {
      const id = readId(await readJson(request));
      if ((await library.list()).some(bundle => bundle.id === id && bundle.inUse)) model.close();
      await library.remove(id);
      send(response, {} satisfies Calls['remove-bundle']['reply']);
      return;
    }
    case path(importOf('bundle')):
      await importUpload(parts, 'bundle', request, response);
      return;
    case path(importOf('base')):
      await importUpload(parts, 'base', request, response);
      return;
    case path('run'): {
      const body = await readJson(request);
      const run = readRunRequest(body);
      await stream<'run'>(parts, readId(body), response, (session, write, signal) => session.run(run, write, signal));
      return;
    }
    case path('bench'): {
      const body = await readJson(request);
      const plan = readBenchPlan(body);
      await stream<'bench'>(parts, readId(body), response, (session, write, signal) => session.bench(plan, write, signal));
      return;
    }
    default:
      throw new CoreError({ source: 'internal', kind: 'unknown-call', message: 'the page made a call that this server does not know' });
  }
}

function send(response: ServerResponse, reply: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
}

/** Answers with what a session does. It is stopped by its id, and when the page is gone. */
async function stream<Name extends keyof Streams>(
  { model, running }: Parts,
  id: string,
  response: ServerResponse,
  work: (session: CoreSession, write: (step: Streams[Name]['step']) => void, signal: AbortSignal) => Promise<Streams[Name]['end']>,
): Promise<void> {
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
  };
  const session = await model.load();
  running.set(id, stopping);
  try {
    await sendLines<Streams[Name]>(response, stop, write => work(session, write, stopping.signal));
  } finally {
    running.delete(id);
  }
}
