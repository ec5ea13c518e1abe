import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** The phone's names of languages, which Hermes has not (no Intl.DisplayNames). Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /** The language's name in itself for a BCP-47 tag (java.util.Locale.getDisplayName); empty for a tag that it does not know. */
  nameOf(tag: string): string;
}

export default TurboModuleRegistry.get<Spec>('LanguageNames');
