import { createContext, useContext } from 'react';

import { en, type Messages } from './en';

export type { Messages } from './en';

/** Every language of the interface, by its BCP-47 language subtag. */
export const catalogues: Record<string, Messages> = { en };

/** The catalogue for a BCP-47 locale; English where there is none. */
export function messagesFor(locale: string): Messages {
  const language = locale.split('-')[0] ?? '';
  return catalogues[language] ?? en;
}

export function deviceLocale(): string {
  return Intl.DateTimeFormat().resolvedOptions().locale;
}

export const I18nContext = createContext({ locale: 'en', messages: en });

export function useMessages(): Messages {
  return useContext(I18nContext).messages;
}

/** Numbers as the user's locale writes them, with at most `digits` after the point. */
export function useNumbers(): (value: number, digits?: number) => string {
  const { locale } = useContext(I18nContext);
  return (value, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}
