import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ShareRefusal } from '../core/device';
import { catalogues } from '../i18n';

import { adviceOf, ownAdviceOf } from './errorText';

/** The ids that the core declares for what it refuses of an input. */
function inputKinds(): string[] {
  const source = readFileSync(join(__dirname, '..', '..', '..', 'native', 'crates', 'bundle', 'src', 'error.rs'), 'utf8');
  const declared = /InputErrorKind \{([^}]*)\}/.exec(source)?.[1] ?? '';
  return [...declared.matchAll(/= "([a-z-]+)"/g)].map(([, id = '']) => id);
}

/** What the phone refuses. */
const refusals = { empty: 1, 'too-large': 1, 'not-a-chat': 1, unreadable: 1, 'no-space': 1 } satisfies Record<ShareRefusal, 1>;

test('the ids of the core are found', () => {
  expect(inputKinds()).toEqual(expect.arrayContaining(['input-empty', 'reply-speaker-missing', 'chat-several']));
});

describe.each(Object.entries(catalogues))('the catalogue %s', (_, messages) => {
  test('has a text for each kind of refused input, and for no other', () => {
    expect(Object.keys(messages.error.input).sort()).toEqual([...inputKinds(), ...Object.keys(refusals)].sort());
  });

  test('names the setting that makes room by its name', () => {
    expect(messages.error.input['prompt-too-long']).toContain(messages.settings.context);
  });

  test('advises by the source where a kind is not known', () => {
    for (const kind of ['another', 'toString']) {
      expect(ownAdviceOf({ source: 'input', kind }, messages)).toBeUndefined();
      expect(adviceOf({ source: 'input', kind }, messages)).toBe(messages.error.advice.input);
    }
  });
});
