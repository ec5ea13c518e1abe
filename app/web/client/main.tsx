import { createRoot } from 'react-dom/client';

import samples from '../../../assets/samples/conversations.json';
import { App } from '../../src/App';
import { itemStorage } from '../../src/core/storage/itemStorage';
import { intlLanguageName, languageNameBy } from '../../src/i18n/languageName';

import { browserDevice, browserItems, pickFile } from './browser';
import { connectionTo } from './connection';
import { httpCore } from './httpCore';
import { httpLibrary } from './httpLibrary';

const token = document.querySelector('meta[name="tandem-token"]')?.getAttribute('content') ?? '';
const connection = connectionTo(location.href, token);
const core = httpCore(connection);
const device = browserDevice(core, httpLibrary(connection, pickFile));
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
