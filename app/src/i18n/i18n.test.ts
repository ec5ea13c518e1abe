import { catalogues, messagesFor } from '.';
import { en } from './en';
import { intlLanguageName, languageNameBy } from './languageName';

/** Each text of a catalogue by its path: 'text', or 'text(n)' for a function of n values. */
function shape(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'function') return [[path, `text(${String(value.length)})`]];
  if (typeof value === 'string') return [[path, value.trim() === '' ? 'empty' : 'text']];
  if (typeof value !== 'object' || value === null) return [[path, typeof value]];
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, `${path}/${key}`));
}

describe('catalogues', () => {
  test.each(Object.keys(catalogues))('%s has every text of English, of the same form, and no other', language => {
    expect(shape(catalogues[language]).sort()).toEqual(shape(en).sort());
    expect(shape(catalogues[language]).map(([, form]) => form)).not.toContain('empty');
  });

  test('the check above sees a missing key', () => {
    const incomplete = { ...en, model: { ...en.model, retry: undefined } };
    expect(shape(incomplete).sort()).not.toEqual(shape(en).sort());
  });

  test('an unknown locale is English', () => {
    expect(messagesFor('tlh-Latn')).toBe(en);
    expect(messagesFor('en-GB')).toBe(en);
    expect(messagesFor('')).toBe(en);
  });
});

describe('language names', () => {
  test('are in the language itself', () => {
    expect(['es', 'fr', 'de'].map(languageNameBy(intlLanguageName))).toEqual(['Español', 'Français', 'Deutsch']);
  });

  test('fall back to the next source, then to the tag', () => {
    const nothing = () => undefined;
    expect(languageNameBy(nothing, () => 'suomi')('fi')).toBe('Suomi');
    expect(languageNameBy(nothing)('fi')).toBe('fi');
  });

  test.each(['', '_', 'not a tag', '../..', 'x'.repeat(500)])('no tag of a bundle makes them fail: %p', tag => {
    expect(languageNameBy(intlLanguageName)(tag)).toBe(tag);
  });
});
