import samples from '../../assets/samples/conversations.json';

import { App } from './App';
import { bindingCore } from './core/bindingCore';
import { bindingLibrary } from './core/bindingLibrary';
import { inUseInStorage } from './core/inUse';
import DatabaseKey from './core/NativeDatabaseKey';
import DeviceFiles from './core/NativeDeviceFiles';
import LanguageNames from './core/NativeLanguageNames';
import { availableBytes, documents, phone } from './core/phone';
import { pickedImports } from './core/pickedImports';
import { phoneStorage } from './core/storage/phoneStorage';
import { sharedStorage } from './core/storage/sharedStorage';
import { intlLanguageName, languageNameBy } from './i18n/languageName';
import { KeptServices } from './keptServices';
import { trustedKey } from './trustedKey';

const storage = sharedStorage(phoneStorage({ get: () => DatabaseKey.get(), forget: () => DatabaseKey.forget() }));

const library = bindingLibrary({
  root: () => DeviceFiles.libraryPath(),
  inUse: inUseInStorage(storage.open),
  availableBytes,
  trustedKey,
});

const core = bindingCore(async () => {
  const place = (await library.place()) ?? pushedBundle();
  return place && { ...place, tempDir: DeviceFiles.tempPath(), availableBytes: availableBytes() };
});

/** A bundle that a developer pushed to the phone is used where none was imported. */
function pushedBundle() {
  const bundlePath = DeviceFiles.bundlePath();
  return bundlePath === null ? undefined : { bundlePath, basePath: DeviceFiles.basePath() ?? undefined };
}

const device = phone(core, pickedImports(library, documents));
const languageName = languageNameBy(intlLanguageName, (tag, locale) => LanguageNames?.nameIn(tag, locale));

const kept = new KeptServices({ core, device, samples, openStorage: storage.open, startNewStorage: storage.startNew });

/**
 * The app on the phone: the core in this process, the bundle in the app's own files. Its services live as long as the process: Android ends the activity,
 * and with it every component, for as little as Back or another language.
 */
export function DeviceApp() {
  return <App {...{ core, device, languageName, samples, kept }} openStorage={storage.open} startNewStorage={storage.startNew} />;
}
