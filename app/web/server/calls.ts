import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Core, CoreSession, RunEvent } from '../../src/core/contract';
import { CoreError, type CoreErrorFields } from '../../src/core/errors';
import type { Model } from '../../src/core/model';
import { BENCH, path, READ_CHAT, type BenchLine, type Calls, type RunLine } from '../protocol';

import { readBenchPlan, readBytes, readJson, readRunRequest, readText } from './requests';

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
    case path(BENCH):
      await bench(model, await readJson(request), response);
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
  await stream<RunLine>(await model.load(), response, async (session, write) => ({
    answer: await session.run(request, (event: RunEvent) => {
      write({ event });
    }),
  }));
}

async function bench(model: Model, body: unknown, response: ServerResponse): Promise<void> {
  const plan = readBenchPlan(body);
  await stream<BenchLine>(await model.load(), response, async (session, write) => ({
    report: await session.bench(plan, progress => {
      write({ progress });
    }),
  }));
}

/** Answers with a line for each thing that happens, and a last one for the end, be it an error. */
async function stream<Line>(
  session: CoreSession,
  response: ServerResponse,
  work: (session: CoreSession, write: (line: Line) => void) => Promise<Line>,
): Promise<void> {
  const write = (line: Line | { error: CoreErrorFields }) => response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  // A page that was closed or reloaded wants its answer no more.
  response.once('close', () => {
    if (!response.writableFinished) session.cancel();
  });
  try {
    write(await work(session, write));
  } catch (thrown) {
    write({ error: CoreError.from(thrown).toJSON() });
  }
  response.end();
}
