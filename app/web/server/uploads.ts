import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { FileLibrary } from '../../src/core/bindingLibrary';
import { CoreError } from '../../src/core/errors';
import type { ImportKind } from '../../src/core/library';
import type { Model } from '../../src/core/model';
import type { Import } from '../protocol';

import { sendLines } from './lines';

export type ImportParts = {
  model: Model;
  library: FileLibrary;
  /** A folder for files that are being uploaded. */
  uploads: string;
};

/** Takes in a file that the page sends: to a temporary file first, as a bundle is read from any place in it. */
export async function importUpload(
  { library, model, uploads }: ImportParts,
  kind: ImportKind,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = join(uploads, randomUUID());
  const gone = new AbortController();
  try {
    await pipeline(request, createWriteStream(path, { flags: 'wx' })).catch(cutShort);
    await sendLines<Import>(
      response,
      () => {
        gone.abort();
      },
      async write => {
        const bundle = await library.importFile(kind, { path }, write, gone.signal);
        // A bundle that could not be opened without it may be the one in use.
        if (kind === 'base') model.close();
        return bundle ? { bundle } : {};
      },
    );
  } finally {
    await rm(path, { force: true });
  }
}

function cutShort(thrown: unknown): never {
  const reason = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  const message = `the file could not be kept while it was sent (${reason}); make room in the system's folder for temporary files and import it again`;
  throw new CoreError({ source: 'library', kind: 'upload', message });
}
