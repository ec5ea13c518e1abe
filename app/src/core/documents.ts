import type { ImportFile } from './bindingLibrary';
import { CoreError } from './errors';
import type { ImportKind } from './library';
import type { PickedDocument, Spec } from './NativeDocuments';
import type { FilePicker, Picked } from './pickedImports';

type Documents = Pick<Spec, 'pick' | 'held' | 'open' | 'cancel' | 'close' | 'release'>;

/** Files of bundles and base models, by the system's picker. They go to the core by their descriptor: no copy, and no storage permission. */
export function documentPicker(documents: Documents): FilePicker {
  const picked = ({ uri }: PickedDocument): Picked => ({
    open: signal => openDocument(documents, uri, signal),
    release: () => {
      documents.release(uri);
    },
  });
  return {
    pick: async kind => {
      const document = await typed(documents.pick(kind));
      return document ? picked(document) : undefined;
    },
    held: async () => (await typed(documents.held())).map(document => ({ ...picked(document), id: document.uri, name: document.name, kind: kindOf(document) })),
  };
}

/** A provider need not heed that it is to stop: the abort waits for none, and a descriptor that comes after it is closed. */
function openDocument(documents: Documents, uri: string, signal: AbortSignal): Promise<ImportFile> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      documents.cancel();
      reject(new CoreError({ source: 'document', kind: 'cancelled', message: 'opening the document was cancelled' }));
    };
    signal.addEventListener('abort', stop);
    typed(documents.open(uri))
      .then(descriptor => {
        if (signal.aborted) documents.close(descriptor);
        else resolve({ descriptor });
      })
      .catch(reject)
      .finally(() => {
        signal.removeEventListener('abort', stop);
      });
  });
}

/** A call of the native module whose failures are CoreErrors: their kind is the module's code. */
export async function typed<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw documentError(thrown);
  }
}

/** The codes of NativeDocuments.ts. */
export const documentErrorKinds = ['busy', 'no-picker', 'not-picked', 'unreadable', 'not-a-file', 'unwritable', 'cancelled'] as const;

function documentError(thrown: unknown): CoreError {
  const { code } = (thrown ?? {}) as { code?: unknown };
  const kind = documentErrorKinds.find(known => known === code);
  // What has a code of ours was worded by our module, and holds no text of the user.
  return kind && thrown instanceof Error ? new CoreError({ source: 'document', kind, message: thrown.message }) : CoreError.from(thrown);
}

/** Android remembers which file was picked and not what for. A file of the wrong kind is refused with its reason. */
function kindOf({ name }: PickedDocument): ImportKind {
  return name.toLowerCase().endsWith('.gguf') ? 'base' : 'bundle';
}
