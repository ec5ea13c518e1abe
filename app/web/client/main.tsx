import { createRoot } from 'react-dom/client';

import samples from '../../../assets/samples/conversations.json';
import { App } from '../../src/App';
import { itemStorage } from '../../src/core/storage/itemStorage';
import { intlLanguageName, languageNameBy } from '../../src/i18n/languageName';

import { browserDevice, browserItems } from './browser';
import { httpCore } from './httpCore';

const token = document.querySelector('meta[name="tandem-token"]')?.getAttribute('content') ?? '';
const core = httpCore(location.href, token);
const device = browserDevice(core);
const languageName = languageNameBy(intlLanguageName);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <App
      core={core}
      device={device}
      languageName={languageName}
      openStorage={() => Promise.resolve(itemStorage(browserItems))}
      samples={samples}
      onLocale={locale => {
        document.documentElement.lang = locale;
      }}
    />,
  );
}
