import type { Device } from './device';
import type { Model, ModelState } from './model';

type Parts = {
  model: Model;
  onVisibility: NonNullable<Device['onVisibility']>;
  /** Resolves when nothing is asked of the model. */
  idle: () => Promise<void>;
  /** Whether it is not to be kept. */
  frees: () => boolean;
  /** Counts its idleness anew. */
  countAnew: () => void;
};

/**
 * Frees the model while the app is out of sight, once what uses it has ended: at once, for no timer runs there. Who comes back finds it being loaded, as who
 * opens the app, and its idleness is counted from then on: the timer of before is over. The returned function ends that.
 */
export function freeOutOfSight({ model, onVisibility, idle, frees, countAnew }: Parts): () => void {
  let hidden = false;
  let left: ModelState | undefined;
  const leave = async () => {
    await idle();
    if (!hidden || !frees()) return;
    model.freeIfIdle();
    left = model.state.get();
  };
  return onVisibility(visible => {
    hidden = !visible;
    if (hidden) {
      void leave();
      return;
    }
    countAnew();
    if (left?.kind === 'closed' && left === model.state.get()) model.load().catch(() => undefined); // the model's state tells
    left = undefined;
  });
}
