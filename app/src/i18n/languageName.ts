/** The name of the language of a BCP-47 tag in the language of a locale, capitalised as a title of its own. */
export type LanguageName = (tag: string, locale: string) => string;

/** Undefined, or empty, for a tag that the source does not know. */
type Source = (tag: string, locale: string) => string | undefined;

/** By the JavaScript engine's data: browsers and Node have it, Hermes has not. */
export function intlLanguageName(tag: string, locale: string): string | undefined {
  const DisplayNames = (Intl as Partial<typeof Intl>).DisplayNames;
  if (!DisplayNames) return undefined;
  try {
    return new DisplayNames([locale], { type: 'language', fallback: 'none' }).of(tag);
  } catch {
    return undefined; // not a well-formed tag: the bundle is untrusted
  }
}

/** The name by the first source that knows it, else the tag itself. */
export function languageNameBy(...sources: Source[]): LanguageName {
  return (tag, locale) => {
    for (const source of sources) {
      const name = source(tag, locale);
      if (name !== undefined && name !== '') return capitalised(name, locale);
    }
    return tag;
  };
}

function capitalised(name: string, locale: string): string {
  const first = /^./u.exec(name)?.[0] ?? '';
  return first.toLocaleUpperCase(locale) + name.slice(first.length);
}

/** The names of the languages of the interface in themselves: who cannot read the present one finds their own. */
export const languageInItself: Record<string, string> = { en: 'English', es: 'Español', fr: 'Français', de: 'Deutsch' };
