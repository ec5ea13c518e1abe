import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** How the app's process ended. Codegen reads this file: the names must stay. */
export type Exit = {
  /** `low-memory`: Android took the memory. `crash`: native or Java code failed. */
  reason: 'low-memory' | 'crash';
  /** What `running` had last noted; null when nothing ran. */
  running: string | null;
  /** Milliseconds since 1970. */
  at: number;
};

/** Why the app ended last time (ApplicationExitInfo, Android 11 and later; before that it is never known). */
export interface Spec extends TurboModule {
  /** The last end of the app, if it was one of these and has not been told yet: by low memory only when something ran or the user saw the app. */
  takeLast(): Promise<Exit | null>;
  /**
   * Notes what runs, to be told after the end of the process; null when it is over. An id of what is done, never a text of the user: at most 64 of
   * `a-z 0-9 + : . _ -`; anything else throws. False where this version of Android keeps no such note.
   */
  running(what: string | null): boolean;
}

export default TurboModuleRegistry.getEnforcing<Spec>('ExitReasons');
