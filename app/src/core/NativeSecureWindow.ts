import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** Keeps the screens out of screenshots, recordings and the list of recent apps. Codegen reads this file: the interface must keep its name. */
export interface Spec extends TurboModule {
  /** Remembered on the device and in force before the first screen is drawn at the next start. */
  set(secure: boolean): void;
  isSecure(): boolean;
}

export default TurboModuleRegistry.getEnforcing<Spec>('SecureWindow');
