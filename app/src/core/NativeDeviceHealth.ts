import type { CodegenTypes, TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** What the phone says of itself at one moment. null where this phone or its version of Android does not tell. Codegen reads this file: the names must stay. */
export type Health = {
  /** Memory of the phone, and what apps can still get of it, in bytes. */
  totalBytes: number;
  availableBytes: number;
  /** Below this many available bytes Android begins to end apps. */
  thresholdBytes: number;
  lowMemory: boolean;
  /** Heap that Android grants this app's Java objects, in MiB (ActivityManager.getMemoryClass); native memory is not bounded by it. */
  memoryClassMib: number;
  /** PowerManager's thermal status by name; null before Android 10. */
  thermalStatus: 'none' | 'light' | 'moderate' | 'severe' | 'critical' | 'emergency' | 'shutdown' | null;
  /** Heat as a share of what throttles severely: at 1 it does (PowerManager.getThermalHeadroom, now). Asked more than once a second, Android does not tell. */
  thermalHeadroom: number | null;
  /** 0 to 100. */
  batteryPercent: number | null;
  charging: boolean;
};

export interface Spec extends TurboModule {
  read(): Health;
  /** Android wants memory back (onTrimMemory): `hidden` when the screens went out of sight, `background` when the app may be ended soon, `running` when it is short while the app is seen. */
  readonly onTrimMemory: CodegenTypes.EventEmitter<'hidden' | 'background' | 'running'>;
}

export default TurboModuleRegistry.getEnforcing<Spec>('DeviceHealth');
