import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** Asks for the phone's own lock (fingerprint, face, PIN). Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /** Whether the phone has a screen lock; without one there is nothing to ask for. */
  available(): boolean;
  /** Shows the system's own dialog. False when the user went back or failed; rejects with `unavailable` when the phone has no screen lock, `busy` when it is asked already. */
  unlock(title: string): Promise<boolean>;
}

export default TurboModuleRegistry.getEnforcing<Spec>('AppLock');
