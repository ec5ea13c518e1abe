import { Share } from 'react-native';

import type { ChatMessage, Core } from './contract';
import type { Device, SharedItem } from './device';
import type { Picked } from './bindingLibrary';
import { CoreError } from './errors';
import type { ImportKind, Library } from './library';
import AppLock from './NativeAppLock';
import DeviceHealth from './NativeDeviceHealth';
import Documents from './NativeDocuments';
import ExitReasons from './NativeExitReasons';
import LongRun from './NativeLongRun';
import SecureWindow from './NativeSecureWindow';
import ShareInbox, { type SharedItem as NativeItem } from './NativeShareInbox';

/** What the app asks of Android, by the app's own native modules. */
export function phone(core: Core, library: Library): Device {
  return {
    library,
    pickChat: async () => {
      const picked = await Documents.pick('chat');
      return picked ? messagesOf(core, await ShareInbox.read(picked.uri)) : undefined;
    },
    shareInbox: {
      take: async () => {
        const item = await ShareInbox.take();
        return item ? sharedItem(core, item) : undefined;
      },
      subscribe: listener => follow(ShareInbox.onShared, listener),
    },
    shareText: async text => {
      await Share.share({ message: text });
    },
    saveFile: (name, mimeType, text) => Documents.save(name, mimeType, text),
    secureWindow: {
      isOn: () => SecureWindow.isSecure(),
      set: on => {
        SecureWindow.set(on);
      },
    },
    appLock: { available: () => AppLock.available(), unlock: title => AppLock.unlock(title) },
    onMemoryPressure: listener =>
      follow(DeviceHealth.onTrimMemory, level => {
        // Out of sight is no shortage yet.
        if (level !== 'hidden') listener();
      }),
    exitNotice: {
      takeLast: async () => (await ExitReasons.takeLast())?.reason,
      running: what => {
        ExitReasons.running(what ?? null);
      },
    },
    longRun: {
      begin: labels => void LongRun.begin(labels).catch(() => undefined), // what runs then runs without it
      end: () => {
        LongRun.end();
      },
      onStop: listener => follow(LongRun.onStop, listener),
    },
  };
}

/** Lets the user pick a file of a bundle, which goes to the core by its descriptor: no copy, and no storage permission. */
export async function pickForImport(kind: ImportKind): Promise<Picked | undefined> {
  const document = await Documents.pick(kind);
  return (
    (document && {
      open: async () => ({ descriptor: await Documents.open(document.uri) }),
      release: () => {
        Documents.release(document.uri);
      },
    }) ??
    undefined
  );
}

export function availableBytes(): number {
  return DeviceHealth.read().availableBytes;
}

async function sharedItem(core: Core, item: NativeItem): Promise<SharedItem> {
  if (item.kind === 'refused') return { kind: 'refused', why: item.refusal ?? 'unreadable' };
  if (item.kind === 'file') return { kind: 'chat', messages: await messagesOf(core, item) };
  const replace = (answer: string) => ShareInbox.replace(item.id, answer);
  return { kind: 'text', text: item.text ?? '', ...(item.replaceable && { replace }) };
}

/** The messages of an item's file, whose copy is then deleted. Throws CoreError. */
async function messagesOf(core: Core, { id, path, refusal }: NativeItem): Promise<ChatMessage[]> {
  if (path === null) throw new CoreError({ source: 'input', kind: refusal ?? 'unreadable', message: `the chat file was refused: ${refusal ?? 'unreadable'}` });
  try {
    return await core.readChat({ path });
  } finally {
    ShareInbox.discard(id);
  }
}

function follow<T>(event: (listener: (value: T) => void) => { remove: () => void }, listener: (value: T) => void): () => void {
  const subscription = event(listener);
  return () => {
    subscription.remove();
  };
}
