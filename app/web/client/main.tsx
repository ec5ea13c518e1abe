import { createRoot } from 'react-dom/client';

import samples from '../../../assets/samples/conversations.json';
import { App } from '../../src/App';
import { intlLanguageName, languageNameBy } from '../../src/i18n/languageName';

import { httpCore } from './httpCore';

const token = document.querySelector('meta[name="tandem-token"]')?.getAttribute('content') ?? '';
const root = document.getElementById('root');
if (root) createRoot(root).render(<App core={httpCore(location.href, token)} samples={samples} languageName={languageNameBy(intlLanguageName)} />);
