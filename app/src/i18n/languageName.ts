/** The name of the language of a BCP-47 tag, in that language, capitalised as a title of its own. */
export type LanguageName = (tag: string) => string;

/** By the JavaScript engine's data: browsers and Node have it, Hermes has not. Undefined where there is none. */
export function intlLanguageName(tag: string): string | undefined {
  const DisplayNames = (Intl as Partial<typeof Intl>).DisplayNames;
  if (!DisplayNames) return undefined;
  try {
    return new DisplayNames([tag], { type: 'language' }).of(tag);
  } catch {
    return undefined; // not a well-formed tag: the bundle is untrusted
  }
}

/** The name by the first source that knows it, else the tag itself. */
export function languageNameBy(...sources: ((tag: string) => string | undefined)[]): LanguageName {
  return tag => {
    for (const source of sources) {
      const name = source(tag);
      if (name !== undefined && name !== '') return capitalised(name, tag);
    }
    return tag;
  };
}

function capitalised(name: string, tag: string): string {
  const first = /^./u.exec(name)?.[0] ?? '';
  try {
    return first.toLocaleUpperCase(tag) + name.slice(first.length);
  } catch {
    return name; // not a well-formed tag
  }
}
