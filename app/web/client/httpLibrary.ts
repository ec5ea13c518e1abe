import type { Library } from '../../src/core/library';
import { importOf, type Import } from '../protocol';

import { endOf, type Connection } from './connection';

/**
 * The library behind the preview's server. `pick` lets the user choose a file whose name ends so; undefined
 * when they went back.
 */
export function httpLibrary({ call, postBytes }: Connection, pick: (accept: string) => Promise<File | undefined>): Library {
  return {
    // What is loaded is the server's, which knows it.
    list: async () => (await call('bundles', {})).bundles,
    importPicked: async (kind, onProgress, signal) => {
      const file = await pick(suffixes[kind]);
      if (!file) return undefined;
      // A page is not told how far its upload is.
      onProgress({ phase: 'copying', doneBytes: 0, totalBytes: file.size });
      try {
        const response = await postBytes(importOf(kind), file, signal);
        return (await endOf<Import>(response, onProgress)).bundle;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        throw thrown;
      }
    },
    use: async id => {
      await call('use-bundle', { id });
    },
    remove: async id => {
      await call('remove-bundle', { id });
    },
  };
}

const suffixes = { bundle: '.tandem', base: '.gguf' };
