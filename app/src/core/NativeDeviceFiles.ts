import type { TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** The phone's own places for the app's files. Codegen reads this file: the interface must keep its name. Each call throws where a link stands in a place's way. */
export interface Spec extends TurboModule {
  /** Absolute path of the directory that the library of bundles keeps its files in, whether or not it is there. */
  libraryPath(): string;
  /** Absolute path of the bundle that a developer has put there; null when there is none. */
  bundlePath(): string | null;
  /** Absolute path of the base model's file beside the bundle; null when there is none, as when the bundle holds its own. */
  basePath(): string | null;
  /** Absolute path of a directory for temporary files; emptied when the app starts. */
  tempPath(): string;
}

export default TurboModuleRegistry.getEnforcing<Spec>('DeviceFiles');
