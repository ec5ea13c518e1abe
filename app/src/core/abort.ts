/** Calls back when `signal` is aborted, at once where it is already; what is returned ends that. */
export function whenAborted(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal?.aborted === true) call();
  signal?.addEventListener('abort', call);
  return () => {
    signal?.removeEventListener('abort', call);
  };
}
