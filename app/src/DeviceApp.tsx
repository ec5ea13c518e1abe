import samples from '../../assets/samples/conversations.json';

import { App } from './App';
import { bindingCore } from './core/bindingCore';
import DeviceFiles from './core/NativeDeviceFiles';
import LanguageNames from './core/NativeLanguageNames';
import { intlLanguageName, languageNameBy } from './i18n/languageName';

const core = bindingCore(() =>
  // The calls throw where a path is not to be trusted: that must end in a failed promise.
  Promise.resolve().then(() => ({
    bundlePath: DeviceFiles.bundlePath(),
    basePath: DeviceFiles.basePath() ?? undefined,
    tempDir: DeviceFiles.tempPath(),
  })),
);

const languageName = languageNameBy(intlLanguageName, tag => LanguageNames?.nameOf(tag));

/** The app on the phone: the core in this process, the bundle in the app's own files. */
export function DeviceApp() {
  return <App core={core} languageName={languageName} samples={samples} />;
}
