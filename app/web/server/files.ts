import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
};

/** Nothing but what this server gives out may be loaded, and no other page may show this one or read from it. */
const headers = {
  // react-native-web writes its styles into the page.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Answers with a file below `folder`, and with the token put into the page; 404 where there is none. */
export async function sendFile(response: ServerResponse, folder: string, urlPath: string, token: string): Promise<void> {
  const file = normalize(join(folder, urlPath === '/' ? 'index.html' : urlPath));
  const type = types[extname(file)];
  const content = type !== undefined && file.startsWith(folder + sep) ? await readFile(file).catch(() => undefined) : undefined;
  if (type === undefined || !content) {
    response.writeHead(404, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': type });
  response.end(type.startsWith('text/html') ? content.toString('utf8').replace('%TANDEM_TOKEN%', token) : content);
}
