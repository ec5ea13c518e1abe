/** A value that can be watched. Views read it; only its owner sets it. */
export type Readable<T> = {
  get: () => T;
  /** Calls back after each change; the returned function ends that. */
  subscribe: (listener: () => void) => () => void;
};

/** Resolves when this holds of the value, at once where it already does. */
export function until<T>({ get, subscribe }: Readable<T>, holds: (value: T) => boolean): Promise<void> {
  if (holds(get())) return Promise.resolve();
  return new Promise(resolve => {
    const end = subscribe(() => {
      if (!holds(get())) return;
      end();
      resolve();
    });
  });
}

export class Store<T> implements Readable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
}
