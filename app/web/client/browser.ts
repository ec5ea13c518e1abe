import type { Core } from '../../src/core/contract';
import type { Device } from '../../src/core/device';
import type { Library } from '../../src/core/library';
import type { Items } from '../../src/core/storage/itemStorage';

import { browserSpeech } from './speech';

const PREFIX = 'tandem/';

/** This browser's storage for this page; not encrypted, as the preview's texts are those of a developer. */
export const browserItems: Items = {
  get: key => localStorage.getItem(PREFIX + key) ?? undefined,
  set: (key, value) => {
    localStorage.setItem(PREFIX + key, value);
  },
  delete: key => {
    localStorage.removeItem(PREFIX + key);
  },
  keys: () =>
    Object.keys(localStorage)
      .filter(key => key.startsWith(PREFIX))
      .map(key => key.slice(PREFIX.length)),
};

/** What a browser has of a phone. */
export function browserDevice(core: Core, library: Library): Device {
  return {
    library,
    pickChat: async () => {
      const file = await pickFile('.txt,.zip');
      return file && core.readChat({ bytes: await file.arrayBuffer() });
    },
    ...('speechSynthesis' in window && { readAloud: browserSpeech(window.speechSynthesis) }),
    // Few desktop browsers share.
    ...('share' in navigator && { shareText: text => navigator.share({ text }) }),
    saveFile: (name, mimeType, text) => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: mimeType }));
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
      return Promise.resolve(true);
    },
  };
}

/** Undefined when the user went back. `accept` are endings of names. */
export function pickFile(accept: string): Promise<File | undefined> {
  return new Promise(resolve => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = accept;
    input.addEventListener('change', () => {
      resolve(input.files?.[0]);
    });
    input.addEventListener('cancel', () => {
      resolve(undefined);
    });
    input.click();
  });
}
