import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** The key of the encrypted history. Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /**
   * The key: 64 hexadecimal digits, made at random by the first call and kept wrapped by a key that never leaves the phone's Keystore. Rejects with
   * `lost` when the wrapped key can no longer be opened: what it encrypted is gone; `forget` makes room for a new one. Rejects with `unavailable` when
   * the Keystore fails otherwise, which may pass.
   */
  get(): Promise<string>;
  /** Deletes the key, and with it the only way to read what it encrypted. */
  forget(): Promise<void>;
}

export default TurboModuleRegistry.getEnforcing<Spec>('DatabaseKey');
