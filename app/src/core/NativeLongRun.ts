import type { CodegenTypes, TurboModule } from 'react-native';
import { TurboModuleRegistry } from 'react-native';

/** What the notification says, in the language of the app's screens: what is done, never a text of the user. Codegen reads this file: the names must stay. */
export type LongRunLabels = {
  /** Names the kind of notification in Android's settings. */
  channel: string;
  title: string;
  /** The button that stops the run. */
  stop: string;
};

/**
 * Keeps the process alive while something long runs and the screen is off (a foreground service of type specialUse). The notification is seen only if the
 * user allows it (notifications.ts asks); the service runs either way.
 */
export interface Spec extends TurboModule {
  /** Shows the notification. False where Android does not let a service start now: what runs then runs without it. A second call changes the labels. */
  begin(labels: LongRunLabels): Promise<boolean>;
  /** Sets the bar: `done` of `total`; a total of 0 shows one that is going on. Too many calls are passed over. */
  progress(done: number, total: number): void;
  /** Takes the notification away; may be called twice. */
  end(): void;
  /** The user stopped the run, by the notification's button or by swiping the app away: cancel it, then call `end`. */
  readonly onStop: CodegenTypes.EventEmitter<void>;
}

export default TurboModuleRegistry.getEnforcing<Spec>('LongRun');
