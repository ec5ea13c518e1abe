import { catalogues, localeFor, messagesFor, type Messages } from '.';
import { en } from './en';
import { intlLanguageName, languageNameBy } from './languageName';

/** Each text of a catalogue by its path: 'text', or 'function'. */
function shape(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'function') return [[path, 'function']];
  if (typeof value === 'string') return [[path, value.trim() === '' ? 'empty' : 'text']];
  if (typeof value !== 'object' || value === null) return [[path, typeof value]];
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, `${path}/${key}`));
}

/** Each function of a catalogue by its path. */
function functions(value: unknown, path = ''): [string, (...values: unknown[]) => string][] {
  if (typeof value === 'function') return [[path, value as (...values: unknown[]) => string]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => functions(inner, `${path}/${key}`));
}

describe.each(Object.entries(catalogues))('the catalogue %s', (language, catalogue) => {
  test('has every text of English, of the same form, and no other', () => {
    expect(shape(catalogue).sort()).toEqual(shape(en).sort());
    expect(shape(catalogue).map(([, form]) => form)).not.toContain('empty');
  });

  test('says every value that the English text says', () => {
    const own = new Map(functions(catalogue));
    const values = ['«first»', 7]; // the second one is a text or a number to count by
    for (const [path, text] of functions(en)) {
      const translated = own.get(path)?.(...values) ?? '';
      const unsaid = values.filter(value => text(...values).includes(String(value)) && !translated.includes(String(value)));
      expect([path, unsaid]).toEqual([path, []]);
    }
  });

  test('counts as its language does', () => {
    const { messages } = catalogue.conversation;
    const plural = new Intl.PluralRules(language);
    for (const n of [1, 2, 5, 11, 100]) expect(messages('#', n) === messages('#', 1)).toBe(plural.select(n) === plural.select(1));
  });
});

test('the check above sees a missing key', () => {
  const incomplete = { ...en, model: { ...en.model, retry: undefined } };
  expect(shape(incomplete).sort()).not.toEqual(shape(en).sort());
});

test('no catalogue is a copy of another: at most a few texts are the same', () => {
  const texts = (catalogue: Messages) => JSON.stringify(catalogue).match(/"[^"]*"/g) ?? [];
  for (const [language, catalogue] of Object.entries(catalogues)) {
    if (catalogue === en) continue;
    const same = texts(catalogue).filter((text, index) => text === texts(en)[index] && text.includes(' '));
    expect([language, same]).toEqual([language, []]);
  }
});

describe('locales', () => {
  test('of no catalogue are English', () => {
    for (const locale of ['tlh-Latn', 'en-GB', '', 'toString']) expect(messagesFor(locale)).toBe(en);
    expect(messagesFor('de-CH')).toBe(catalogues['de']);
  });

  test('keep the phone’s region where its language is chosen', () => {
    const options = { ...new Intl.DateTimeFormat().resolvedOptions(), locale: 'es-MX' };
    const spy = jest.spyOn(Intl, 'DateTimeFormat').mockReturnValue({ resolvedOptions: () => options } as Intl.DateTimeFormat);
    expect([null, 'es', 'fr'].map(localeFor)).toEqual(['es-MX', 'es-MX', 'fr']);
    spy.mockRestore();
  });
});

describe('language names', () => {
  test('are in the language of the interface', () => {
    const names = (locale: string) => ['es', 'fr', 'de'].map(tag => languageNameBy(intlLanguageName)(tag, locale));
    expect(names('en')).toEqual(['Spanish', 'French', 'German']);
    expect(names('es')).toEqual(['Español', 'Francés', 'Alemán']);
  });

  test('fall back to the next source, then to the tag', () => {
    const nothing = () => undefined;
    expect(languageNameBy(nothing, () => 'suomi')('fi', 'en')).toBe('Suomi');
    expect(languageNameBy(nothing)('fi', 'en')).toBe('fi');
  });

  test.each(['', '_', 'not a tag', '../..', 'x'.repeat(500)])('no tag of a bundle makes them fail: %p', tag => {
    expect(languageNameBy(intlLanguageName)(tag, 'en')).toBe(tag);
  });
});
