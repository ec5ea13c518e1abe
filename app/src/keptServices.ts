import { openServices, type ServiceParts, type Services } from './services';

/** The services, opened once, whatever becomes of the screens that ask for them. */
export class KeptServices {
  private kept: Promise<Services> | undefined;
  private shown: (() => void) | undefined;

  constructor(private readonly parts: Omit<ServiceParts, 'restart' | 'before'>) {}

  /** `onRestart` is told when others take their place, which are then opened the same way. */
  open(onRestart: () => void): Promise<Services> {
    this.shown = onRestart;
    this.kept ??= this.opened();
    return this.kept;
  }

  close(): void {
    void this.kept?.then(ended => {
      ended.close();
    });
    this.kept = undefined;
  }

  private opened(before?: Services): Promise<Services> {
    const restart = () => {
      this.kept = this.kept?.then(ended => {
        ended.close();
        return this.opened(ended);
      });
      this.shown?.();
    };
    return openServices({ ...this.parts, restart, ...(before && { before }) });
  }
}
