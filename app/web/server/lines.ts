import type { ServerResponse } from 'node:http';

import { CoreError } from '../../src/core/errors';
import type { Line, Stream } from '../protocol';

/** Answers with a line for each step and a last one for the end, be it an error. `onGone` is called when the page wants its answer no more. */
export async function sendLines<S extends Stream>(
  response: ServerResponse,
  onGone: () => void,
  work: (write: (step: S['step']) => void) => Promise<S['end']>,
): Promise<void> {
  const write = (line: Line<S>) => response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  // It was closed or reloaded.
  response.once('close', () => {
    if (!response.writableFinished) onGone();
  });
  try {
    const end = await work(step => void write({ step }));
    write({ end });
  } catch (thrown) {
    write({ error: CoreError.from(thrown).toJSON() });
  }
  response.end();
}
