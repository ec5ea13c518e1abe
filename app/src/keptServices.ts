import { openServices, type ServiceParts, type Services } from './services';

/** Opens the services once, whatever becomes of the screens that ask for them; `onRestart` is told when others have to take their place. */
export type KeptServices = (onRestart: () => void) => Promise<Services>;

export function keptServices(parts: Omit<ServiceParts, 'restart'>): KeptServices {
  let kept: Promise<Services> | undefined;
  let shown: (() => void) | undefined;
  const restart = () => {
    void kept?.then(ended => {
      ended.close();
    });
    kept = undefined;
    shown?.();
  };
  return onRestart => {
    shown = onRestart;
    kept ??= openServices({ ...parts, restart });
    return kept;
  };
}
