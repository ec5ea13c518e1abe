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
import { openServices, type Services } from './services';
import { trustedKey } from './trustedKey';

const KEY = 'bundle';

let storage: Promise<Storage> | undefined;
const openStorage = () => (storage ??= phoneStorage({ get: () => DatabaseKey.get(), forget: () => DatabaseKey.forget() }));

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

let services: Promise<Services> | undefined;

/**
 * The app on the phone: the core in this process, the bundle in the app's own files. Its services live as long as the process: Android ends the activity,
 * and with it every component, for as little as Back or another size of font.
 */
export function DeviceApp() {
  services ??= openServices({ core, device, samples, openStorage });
  return <App core={core} device={device} languageName={languageName} openStorage={openStorage} samples={samples} kept={services} />;
}
