import { createContext, useContext } from 'react';

import { de } from './de';
import { en, type Messages } from './en';
import { es } from './es';
import { fr } from './fr';
import type { LanguageName } from './languageName';

export type { Messages } from './en';

/** Every language of the interface, by its BCP-47 language subtag. */
export const catalogues: Record<string, Messages> = { en, es, fr, de };

/** The catalogue for a BCP-47 locale; English where there is none. */
export function messagesFor(locale: string): Messages {
  const language = languageOf(locale);
  return (Object.hasOwn(catalogues, language) ? catalogues[language] : undefined) ?? en;
}

export function deviceLocale(): string {
  return Intl.DateTimeFormat().resolvedOptions().locale;
}

/** The locale for texts, numbers and dates: the phone's own where the language is the same, for its regional habits. */
export function localeFor(language: string | null): string {
  const device = deviceLocale();
  if (language !== null) return languageOf(device) === language ? device : language;
  // Without a catalogue the texts are English; dates of another language among them would be a muddle.
  return Object.hasOwn(catalogues, languageOf(device)) ? device : 'en';
}

function languageOf(locale: string): string {
  return locale.split('-')[0] ?? '';
}

export type I18n = { locale: string; messages: Messages; languageName: LanguageName };

export const I18nContext = createContext<I18n>({ locale: 'en', messages: en, languageName: tag => tag });

export function useMessages(): Messages {
  return useContext(I18nContext).messages;
}

/** The name of the language of a BCP-47 tag, in the language of the interface. */
export function useLanguageName(): (tag: string) => string {
  const { languageName, locale } = useContext(I18nContext);
  return tag => languageName(tag, locale);
}

/** Numbers as the user's locale writes them, with at most `digits` after the point. */
export function useNumbers(): (value: number, digits?: number) => string {
  const { locale } = useContext(I18nContext);
  return (value, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

/** Dates as the user's locale writes them: `day` of `2026-11-24`, `moment` of milliseconds since 1970. */
export function useDates(): { day: (day: string) => string; moment: (at: number) => string } {
  const { locale } = useContext(I18nContext);
  return {
    day: day => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`)),
    moment: at => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at)),
  };
}
