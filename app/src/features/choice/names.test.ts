import { bundle, largeBundle } from '../../../jest/scriptedCore';
import { en } from '../../i18n/en';

import { offersOf } from './names';

const languageName = (tag: string) => `<${tag}>`;

test('what a bundle offers is a line for each main task', () => {
  expect(offersOf(largeBundle, en, languageName)).toEqual(['Summary: <es>, <fr>, Witty, pirate, Witty + <fr>', 'Reply: <es>, <fr>, Witty, pirate']);
});

test('a task that stands alone or is not listed is named all the same', () => {
  const odd = ['summarize', 'toString'].map(id => ({ tasks: [id], modes: [], recommendedMode: 'merge' as const, asksForReplySpeaker: false }));
  expect(offersOf({ ...bundle, compositions: odd }, en, languageName)).toEqual(['Summary', 'toString']);
  expect(offersOf({ ...bundle, tasks: [] }, en, languageName)).toEqual(['Summary: es']);
});
