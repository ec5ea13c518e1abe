import { CoreError } from '../../src/core/errors';
import { path, TOKEN_HEADER, type Calls, type Line, type Stream } from '../protocol';

import { lines } from './lines';

type Address = Parameters<typeof path>[0];

/** The way to the preview's server. Each call throws CoreError. */
export type Connection = {
  call: <Name extends keyof Calls>(name: Name, body: Calls[Name]['request']) => Promise<Calls[Name]['reply']>;
  postJson: (name: Address, body: object) => Promise<Response>;
  postBytes: (name: Address, bytes: ArrayBuffer | Blob, signal?: AbortSignal) => Promise<Response>;
};

/** To the server at `base`. `token` is the one in the page that the server gave out. */
export function connectionTo(base: string, token: string): Connection {
  const post = async (name: Address, type: string, body: string | ArrayBuffer | Blob, signal?: AbortSignal): Promise<Response> => {
    const headers = { 'content-type': type, [TOKEN_HEADER]: token };
    const response = await fetch(new URL(path(name), base), { method: 'POST', headers, body, ...(signal && { signal }) }).catch(unreachable);
    if (!response.ok) throw await refusal(response);
    return response;
  };
  const postJson: Connection['postJson'] = (name, body) => post(name, 'application/json', JSON.stringify(body));
  return {
    call: async <Name extends keyof Calls>(name: Name, body: Calls[Name]['request']) => jsonOf<Calls[Name]['reply']>(await postJson(name, body)),
    postJson,
    postBytes: (name, bytes, signal) => post(name, 'application/octet-stream', bytes, signal),
  };
}

/** The JSON that a response ends in. Throws CoreError. */
export async function jsonOf<Reply>(response: Response): Promise<Reply> {
  return (await response.json().catch(unreachable)) as Reply;
}

/** Follows a response in lines to its end. Throws CoreError. */
export async function endOf<S extends Stream>(response: Response, onStep: (step: S['step']) => void): Promise<S['end']> {
  for await (const line of lines(response.body, unreachable)) {
    const message = JSON.parse(line) as Line<S>;
    if ('end' in message) return message.end;
    if ('error' in message) throw CoreError.fromJSON(message.error);
    onStep(message.step);
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
