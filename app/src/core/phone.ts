import { Share } from 'react-native';

import type { Device } from './device';
import AppLock from './NativeAppLock';
import DeviceHealth from './NativeDeviceHealth';
import Documents from './NativeDocuments';
import ExitReasons from './NativeExitReasons';
import LongRun from './NativeLongRun';
import SecureWindow from './NativeSecureWindow';

/** What the app asks of Android, by the app's own native modules. */
export function phone(): Device {
  return {
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

function follow<T>(event: (listener: (value: T) => void) => { remove: () => void }, listener: (value: T) => void): () => void {
  const subscription = event(listener);
  return () => {
    subscription.remove();
  };
}
