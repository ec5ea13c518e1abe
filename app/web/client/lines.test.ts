import fc from 'fast-check';

import { lines } from './lines';

const failed = () => {
  throw new Error('broken');
};

function bodyOf(bytes: Uint8Array, cuts: number[]): ReadableStream<Uint8Array> {
  const ends = [...new Set([...cuts.map(cut => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return new ReadableStream({
    start(controller) {
      let start = 0;
      for (const end of ends) {
        controller.enqueue(bytes.slice(start, end));
        start = end;
      }
      controller.close();
    },
  });
}

test('lines are the same however the network cuts them, inside characters too', async () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), fc.boolean(), async (sent, cuts, ended) => {
      const text = sent.join('\n') + (ended && sent.length > 0 ? '\n' : '');
      const received: string[] = [];
      for await (const next of lines(bodyOf(new TextEncoder().encode(text), cuts), failed)) received.push(next);
      expect(received).toEqual(sent);
    }),
  );
});

test('a broken connection is reported', async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('one\ntw'));
      controller.error(new Error('reset'));
    },
  });
  await expect(lines(body, failed).next()).rejects.toThrow('broken');
});
