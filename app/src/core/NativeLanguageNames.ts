import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** The phone's names of languages, which Hermes has not (no Intl.DisplayNames). Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /** The name of a BCP-47 tag's language in the language of another (java.util.Locale.getDisplayName); empty where it knows none. */
  nameIn(tag: string, locale: string): string;
}

export default TurboModuleRegistry.get<Spec>('LanguageNames');
