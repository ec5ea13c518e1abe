/** The lines of a body as they arrive. `failed` is called when the connection breaks, and throws. */
export async function* lines(body: ReadableStream<Uint8Array> | null, failed: () => never): AsyncGenerator<string> {
  if (!body) failed();
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(failed);
    const parts = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = done ? '' : (parts.pop() ?? '');
    yield* parts.filter(part => part !== '');
    if (done) return;
  }
}
