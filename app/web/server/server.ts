import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { FileLibrary } from '../../src/core/bindingLibrary';
import type { Core } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';
import { Model } from '../../src/core/model';
import type { ErrorReply } from '../protocol';

import { answerCall } from './calls';
import { sendFile } from './files';
import { refusal } from './guard';

export type Preview = { url: string; model: Model; close: () => Promise<void> };

export type PreviewParts = {
  core: Core;
  library: FileLibrary;
  /** Folders: of the built app, and for files that are being uploaded. */
  page: string;
  uploads: string;
  /** 0 takes any free one. */
  port: number;
};

/** Serves the built app and the core on the loopback address. */
export async function serve({ core, library, page, uploads, port }: PreviewParts): Promise<Preview> {
  const model = new Model(core);
  const running = new Map<string, AbortController>();
  const token = randomBytes(32).toString('hex');

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const refused = refusal(request, address.port, token);
    if (refused) {
      sendError(response, 403, refused);
      return;
    }
    const urlPath = new URL(request.url ?? '/', 'http://preview').pathname;
    if (request.method === 'GET') await sendFile(response, page, urlPath, token);
    else if (request.method === 'POST') await answerCall({ core, model, library, uploads, running }, urlPath, request, response);
    else response.writeHead(405).end();
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 422, CoreError.from(thrown));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${String(address.port)}/`,
    model,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      model.close();
      await closed;
    },
  };
}

function sendError(response: ServerResponse, status: number, error: CoreError): void {
  const reply: ErrorReply = { error: error.toJSON() };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
}
