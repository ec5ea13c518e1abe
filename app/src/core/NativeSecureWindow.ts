import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/**
 * Keeps the screens out of what the system shows of them elsewhere; remembered on the device and in force before the first screen is drawn at the next start.
 * Codegen reads this file: the interface must keep its name.
 */
export interface Spec extends TurboModule {
  /** Out of screenshots, recordings and the list of recent apps. */
  set(secure: boolean): void;
  isSecure(): boolean;
  /** Out of the list of recent apps alone; before Android 13, as `set`. */
  hideInRecents(hidden: boolean): void;
}

export default TurboModuleRegistry.getEnforcing<Spec>('SecureWindow');
