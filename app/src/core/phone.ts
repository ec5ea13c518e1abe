import { AppState, Share } from 'react-native';

import { whenAborted } from './abort';
import type { ChatMessage, Core } from './contract';
import type { Device, SharedItem } from './device';
import { documentPicker, typed } from './documents';
import { CoreError } from './errors';
import type { Library } from './library';
import AppLock from './NativeAppLock';
import DeviceHealth from './NativeDeviceHealth';
import Documents from './NativeDocuments';
import ExitReasons from './NativeExitReasons';
import LongRun from './NativeLongRun';
import ReadAloud from './NativeReadAloud';
import SecureWindow from './NativeSecureWindow';
import ShareInbox, { type SharedItem as NativeItem } from './NativeShareInbox';
import { askForNotifications } from './notifications';

/** What the app asks of Android, by the app's own native modules. */
export function phone(core: Core, library: Library): Device {
  return {
    library,
    pickChat: async signal => {
      const picked = await typed(Documents.pick('chat'));
      if (!picked || signal.aborted) return undefined;
      const end = whenAborted(signal, () => {
        ShareInbox.cancelRead();
      });
      return messagesOf(core, await ShareInbox.read(picked.uri).finally(end));
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
    saveFile: (name, mimeType, text) => typed(Documents.save(name, mimeType, text)),
    secureWindow: {
      isOn: () => SecureWindow.isSecure(),
      set: on => {
        SecureWindow.set(on);
      },
      hideInRecents: hidden => {
        SecureWindow.hideInRecents(hidden);
      },
    },
    appLock: { available: () => AppLock.available(), unlock: title => AppLock.unlock(title) },
    onMemoryPressure: listener =>
      follow(DeviceHealth.onTrimMemory, level => {
        // Out of sight is no shortage yet.
        if (level !== 'hidden') listener();
      }),
    onVisibility: listener => {
      const hides = follow(DeviceHealth.onTrimMemory, level => {
        // Told late, it may be over.
        if (level === 'hidden' && AppState.currentState !== 'active') listener(false);
      });
      const shows = AppState.addEventListener('change', state => {
        if (state === 'active') listener(true);
      });
      return () => {
        hides();
        shows.remove();
      };
    },
    exitNotice: {
      takeLast: async () => {
        const exit = await ExitReasons.takeLast();
        return exit ? { reason: exit.reason, ...(exit.running !== null && { running: exit.running }) } : undefined;
      },
      running: what => {
        ExitReasons.running(what ?? null);
      },
    },
    longRun: {
      begin: labels => void LongRun.begin(labels).catch(() => undefined), // what runs then runs without it
      progress: (done, total) => {
        LongRun.progress(done, total);
      },
      askToShow: askForNotifications,
      end: () => {
        LongRun.end();
      },
      onStop: listener => follow(LongRun.onStop, listener),
    },
    readAloud: {
      speak: (text, languageTag) =>
        ReadAloud.speak(text, languageTag ?? '').then(
          () => true,
          () => false,
        ),
      stop: () => {
        ReadAloud.stop();
      },
    },
    heat: () => {
      const { thermalStatus, thermalHeadroom } = DeviceHealth.read();
      return { ...(thermalStatus !== null && { status: thermalStatus }), ...(thermalHeadroom !== null && { headroom: thermalHeadroom }) };
    },
  };
}

export const documents = documentPicker(Documents);

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
