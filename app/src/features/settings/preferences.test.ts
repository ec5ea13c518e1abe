import fc from 'fast-check';

import { itemStorage } from '../../core/storage/itemStorage';

import { CONTEXTS, DEFAULTS, lessToRead, parsePreferences, PreferenceStore, type Preferences } from './preferences';

const choice = fc.record({
  mainTask: fc.string(),
  language: fc.string(),
  tone: fc.string(),
  mode: fc.constantFrom('auto' as const, 'calibrated' as const),
});
const count = fc.option(fc.integer({ min: 1, max: 999 }));
const preferences: fc.Arbitrary<Preferences> = fc.record({
  language: fc.option(fc.string()),
  theme: fc.constantFrom('system', 'light', 'dark'),
  defaultChoice: fc.option(choice),
  lastChoice: fc.option(choice),
  maxTokens: count,
  maxPromptTokens: count,
  threads: count,
  freeAfterMinutes: count,
  keepHistory: fc.boolean(),
  appLock: fc.boolean(),
  ownNames: fc.array(fc.string()),
});

const fail = (thrown: unknown) => {
  throw thrown;
};

test('what was set is there after the next start, and what is to be chosen then is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(preferences, { minLength: 1, maxLength: 4 }), async changes => {
      const storage = itemStorage(new Map());
      const before = await PreferenceStore.open(storage, fail);
      for (const change of changes) before.set(change);
      await new Promise(resolve => setImmediate(resolve));
      const after = await PreferenceStore.open(storage, fail);
      const last = changes.at(-1);
      expect(after.state.get()).toEqual({ ...last, lastChoice: last?.defaultChoice ?? last?.lastChoice });
    }),
    { numRuns: 50 },
  );
});

test('whatever stands there, a value of another form is the default', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(DEFAULTS)), fc.jsonValue()), value => {
      const read = parsePreferences(JSON.stringify(value));
      expect(Object.keys(read)).toEqual(Object.keys(DEFAULTS));
      expect(parsePreferences(JSON.stringify(read))).toEqual(read);
    }),
  );
  for (const text of [undefined, '', '{', 'null', '7', '[]']) expect(parsePreferences(text)).toEqual(DEFAULTS);
});

test('each kill for memory leaves less to read, down to the smallest limit', () => {
  let limit = lessToRead(null);
  expect(limit).toBe(CONTEXTS[0]);
  for (const next of CONTEXTS.slice(1)) expect((limit = lessToRead(limit))).toBe(next);
  expect(lessToRead(limit)).toBe(limit);
  expect(lessToRead(100)).toBe(100);
});

test('a change that cannot be kept holds until the end, and is told', async () => {
  const told: unknown[] = [];
  const storage = { ...itemStorage(new Map()), write: () => Promise.reject(new Error('full')) };
  const store = await PreferenceStore.open(storage, thrown => told.push(thrown));
  store.set({ theme: 'dark' });
  await new Promise(resolve => setImmediate(resolve));
  expect(store.state.get().theme).toBe('dark');
  expect(told).toHaveLength(1);
});
