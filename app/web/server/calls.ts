import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Core, CoreSession } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import { importOf, path, READ_CHAT, type Calls, type Messages, type Streams } from '../protocol';

import { sendLines } from './lines';
import { readBenchPlan, readBytes, readId, readJson, readRunRequest, readText } from './requests';
import { importUpload, type ImportParts } from './uploads';

/** What the calls are about. */
export type Parts = ImportParts & { core: Core };

/** Answers a call to the core. Throws CoreError before anything is sent. */
export async function answerCall(parts: Parts, urlPath: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { core, model, library } = parts;
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
      if (model.state.get().kind === 'ready') (await model.load()).cancel();
      send(response, {} satisfies Calls['cancel']['reply']);
      return;
    case path('bundles'):
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
      const run = readRunRequest(await readJson(request));
      await stream<'run'>(await model.load(), response, (session, write) => session.run(run, write));
      return;
    }
    case path('bench'): {
      const plan = readBenchPlan(await readJson(request));
      await stream<'bench'>(await model.load(), response, (session, write) => session.bench(plan, write));
      return;
    }
    default:
      throw new CoreError({ source: 'internal', kind: 'unknown-call', message: 'the page made a call that this server does not know' });
  }
}

function send(response: ServerResponse, reply: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
}

/** Answers with what a session does, and stops it when the page is gone. */
async function stream<Name extends keyof Streams>(
  session: CoreSession,
  response: ServerResponse,
  work: (session: CoreSession, write: (step: Streams[Name]['step']) => void) => Promise<Streams[Name]['end']>,
): Promise<void> {
  const stop = () => {
    session.cancel();
  };
  await sendLines<Streams[Name]>(response, stop, write => work(session, write));
}
