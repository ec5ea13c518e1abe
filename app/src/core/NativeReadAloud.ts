import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** The phone's text to speech. Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /**
   * Reads a text aloud, with a voice that works offline, until its end or until it is stopped; a second text ends the first. `languageTag` is a BCP-47 tag;
   * empty for the phone's language. Errors have a `code`: `no-voice` (none for this language that works offline), `failed`.
   */
  speak(text: string, languageTag: string): Promise<void>;
  stop(): void;
}

export default TurboModuleRegistry.getEnforcing<Spec>('ReadAloud');
