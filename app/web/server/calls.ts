import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Core, RunEvent } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import type { Model } from '../../src/core/model';
import { path, READ_CHAT, type Calls, type RunLine } from '../protocol';

import { readBytes, readJson, readRunRequest, readText } from './requests';

/** Answers a call to the core. Throws CoreError before anything is sent. */
export async function answerCall(core: Core, model: Model, urlPath: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
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
      send(response, { messages: await core.readChat({ bytes: await readBytes(request) }) } satisfies Calls['parse-chat']['reply']);
      return;
    case path('cancel'):
      if (model.state.get().kind === 'ready') (await model.load()).cancel();
      send(response, {} satisfies Calls['cancel']['reply']);
      return;
    case path('run'):
      await run(model, await readJson(request), response);
      return;
    default:
      throw new CoreError({ source: 'internal', kind: 'unknown-call', message: 'the page made a call that this server does not know' });
  }
}

function send(response: ServerResponse, reply: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
}

async function run(model: Model, body: unknown, response: ServerResponse): Promise<void> {
  const request = readRunRequest(body);
  const session = await model.load();
  const write = (line: RunLine) => response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  // A page that was closed or reloaded wants its answer no more.
  response.once('close', () => {
    if (!response.writableFinished) session.cancel();
  });
  try {
    const answer = await session.run(request, (event: RunEvent) => {
      write({ event });
    });
    write({ answer });
  } catch (thrown) {
    write({ error: CoreError.from(thrown).toJSON() });
  }
  response.end();
}
