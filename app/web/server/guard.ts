import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { CoreError } from '../../src/core/errors';
import { TOKEN_HEADER } from '../protocol';

/**
 * Why a request is refused, if it is. The server listens on the loopback address, but any page in the user's browser
 * can reach that too: a page of another site by its origin, or by a name of its own that it lets point here.
 */
export function refusal(request: IncomingMessage, port: number, token: string): CoreError | undefined {
  const hosts = [`127.0.0.1:${String(port)}`, `localhost:${String(port)}`];
  const { host, origin } = request.headers;
  if (host === undefined || !hosts.includes(host)) return refused('host', `this server answers to ${hosts.join(' and ')} only`);
  if (origin !== undefined && !hosts.some(name => origin === `http://${name}`)) return refused('origin', 'this server answers to its own page only');
  if (request.method === 'GET') return undefined; // static files, which tell nothing; other origins cannot read the page's token
  const given = request.headers[TOKEN_HEADER];
  if (typeof given !== 'string' || !equal(given, token)) return refused('token', 'the page is of an earlier run of the server; reload it');
  return undefined;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refused(kind: string, message: string): CoreError {
  return new CoreError({ source: 'connection', kind: `refused-${kind}`, message });
}
