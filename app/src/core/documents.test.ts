import { Deferred } from '../../jest/scriptedCore';
import { catalogues } from '../i18n';
import { adviceOf } from '../ui/errorText';

import { documentErrorKinds, documentPicker, typed } from './documents';
import { CoreError } from './errors';
import type { PickedDocument } from './NativeDocuments';

const document: PickedDocument = { uri: 'content:1', name: 'demo.tandem', bytes: 10 };

/** As React Native rejects a call with what the module refused. */
const refusal = (code: string, message = 'one sentence') => Object.assign(new Error(message), { code });

/** The phone's documents, whose calls the test may replace. */
function setUp(calls: Partial<Parameters<typeof documentPicker>[0]> = {}) {
  return documentPicker({
    pick: () => Promise.resolve(document),
    held: () => Promise.resolve([document]),
    open: () => Promise.resolve(7),
    cancel: () => undefined,
    close: () => undefined,
    release: () => undefined,
    ...calls,
  });
}

test.each(documentErrorKinds)('what is refused as %s is told with its kind, and with its own remedy in each language', async code => {
  const fail = () => Promise.reject(refusal(code));
  const picked = await setUp({ open: fail }).pick('bundle');
  for (const call of [setUp({ pick: fail }).pick('base'), setUp({ held: fail }).held(), picked?.open(new AbortController().signal), typed(fail())]) {
    await expect(call).rejects.toMatchObject({ name: 'CoreError', source: 'document', kind: code, message: 'one sentence' });
  }
  for (const messages of Object.values(catalogues)) {
    const advice = adviceOf({ source: 'document', kind: code }, messages);
    expect(advice).not.toBe(messages.error.advice.document);
    expect(advice).toBe(messages.error.document[code]);
  }
});

test('nothing is told of what has no such code', async () => {
  for (const thrown of [refusal('internal', 'secret'), new Error('secret'), 'secret', null, { code: 'busy', message: 'secret' }]) {
    const error = await typed(Promise.reject(thrown as Error)).catch((caught: unknown) => caught as CoreError);
    expect(error).toMatchObject({ name: 'CoreError', source: 'internal' });
    expect(JSON.stringify(error)).not.toContain('secret');
  }
});

test('an abort ends an open that waits, also where its provider does not heed it, and closes what comes too late', async () => {
  const opening = new Deferred<number>();
  const told: string[] = [];
  const close = (descriptor: number) => void told.push(`close ${String(descriptor)}`);
  const picked = await setUp({ open: () => opening.promise, cancel: () => void told.push('cancel'), close }).pick('bundle');
  const aborting = new AbortController();
  const opened = picked?.open(aborting.signal);
  aborting.abort();
  await expect(opened).rejects.toMatchObject({ source: 'document', kind: 'cancelled' });
  expect(told).toEqual(['cancel']);
  opening.resolve(7);
  await new Promise(setImmediate);
  expect(told).toEqual(['cancel', 'close 7']);
});

test('an open document is not cancelled by a later abort', async () => {
  const cancel = jest.fn();
  const picked = await setUp({ cancel }).pick('bundle');
  const aborting = new AbortController();
  await expect(picked?.open(aborting.signal)).resolves.toEqual({ descriptor: 7 });
  await new Promise(setImmediate);
  aborting.abort();
  expect(cancel).not.toHaveBeenCalled();
});

test('a document’s error crosses a border as JSON', async () => {
  const error = await typed(Promise.reject(refusal('busy'))).catch((caught: unknown) => caught as CoreError);
  expect(CoreError.fromJSON(JSON.parse(JSON.stringify(error)))).toMatchObject({ source: 'document', kind: 'busy' });
});
