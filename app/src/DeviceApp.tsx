import samples from '../../assets/samples/conversations.json';

import { App } from './App';
import { bindingCore } from './core/bindingCore';
import { bindingLibrary } from './core/bindingLibrary';
import DatabaseKey from './core/NativeDatabaseKey';
import DeviceFiles from './core/NativeDeviceFiles';
import LanguageNames from './core/NativeLanguageNames';
import { availableBytes, documents, phone } from './core/phone';
import { pickedImports } from './core/pickedImports';
import { phoneStorage } from './core/storage/phoneStorage';
import type { Storage } from './core/storage/storage';
import { intlLanguageName, languageNameBy } from './i18n/languageName';
import { trustedKey } from './trustedKey';

const KEY = 'bundle';

const place = phoneStorage({ get: () => DatabaseKey.get(), forget: () => DatabaseKey.forget() });
let storage: Promise<Storage> | undefined;
const openStorage = () => (storage ??= place.open());
const startNewStorage = () => (storage = place.startNew());

const library = bindingLibrary({
  root: () => DeviceFiles.libraryPath(),
  inUse: { read: async () => (await openStorage()).read(KEY), write: async id => (await openStorage()).write(KEY, id) },
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

/** The app on the phone: the core in this process, the bundle in the app's own files. */
export function DeviceApp() {
  return <App core={core} device={device} languageName={languageName} openStorage={openStorage} startNewStorage={startNewStorage} samples={samples} />;
}
