import samples from '../../assets/samples/conversations.json';

import { App } from './App';
import { bindingCore } from './core/bindingCore';
import DatabaseKey from './core/NativeDatabaseKey';
import DeviceFiles from './core/NativeDeviceFiles';
import LanguageNames from './core/NativeLanguageNames';
import { phone } from './core/phone';
import { phoneStorage } from './core/storage/phoneStorage';
import { intlLanguageName, languageNameBy } from './i18n/languageName';

const core = bindingCore(() =>
  // The calls throw where a path is not to be trusted: that must end in a failed promise.
  Promise.resolve().then(() => ({
    bundlePath: DeviceFiles.bundlePath(),
    basePath: DeviceFiles.basePath() ?? undefined,
    tempDir: DeviceFiles.tempPath(),
  })),
);

const device = phone(core);
const languageName = languageNameBy(intlLanguageName, tag => LanguageNames?.nameOf(tag));
const openStorage = () => phoneStorage({ get: () => DatabaseKey.get(), forget: () => DatabaseKey.forget() });

/** The app on the phone: the core in this process, the bundle in the app's own files. */
export function DeviceApp() {
  return <App core={core} device={device} languageName={languageName} openStorage={openStorage} samples={samples} />;
}
