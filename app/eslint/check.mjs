/** Proves that the rule of texts.js sees every form of a text outside src/i18n, and nothing else. */
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';

import { texts } from './texts.js';

const seen = [
  '<Text>Hello</Text>',
  "<Text>{'Hello'}</Text>",
  "<Text>{done ? 'Hello' : messages.wait}</Text>",
  '<Text>{`Hello ${name}`}</Text>',
  '<Button accessibilityLabel="Close" />',
  "<View aria-label={done ? 'Hello' : messages.wait} />",
  '<List.Item title={`Version ${version}`} />',
  "<ChoiceDialog options={[{ key: 'a', title: 'Hello' }]} />",
];
const passed = [
  '<Text>{messages.wait} · {number(3)}</Text>',
  '<Icon source="check" />',
  '<Button mode="text" icon="close" accessibilityLabel={messages.app.close} />',
  "<Text>{kind === 'ready' && messages.ready}</Text>",
  "<Choice options={[{ key: 'system', title: messages.system }]} />",
  "<View style={{ alignItems: 'center' }} />",
];

const linter = new Linter();
const config = [
  { files: ['**/*.tsx'], languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } }, rules: { 'no-restricted-syntax': ['error', ...texts] } },
];
const refused = code => linter.verify(code, config, 'screen.tsx').length > 0;

const wrong = [...seen.filter(code => !refused(code)), ...passed.filter(refused)];
for (const code of wrong) console.error(`eslint: the rule on texts is wrong about ${code}`);
if (wrong.length > 0) process.exit(1);
