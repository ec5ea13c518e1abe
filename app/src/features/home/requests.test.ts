import fc from 'fast-check';

import type { Conversation } from '../conversation/conversation';
import { ALL } from '../conversation/range';

import { requestOf } from './requests';

const message = fc.record({ speaker: fc.constantFrom('', 'Ana', 'Bea', 'Cem'), text: fc.string() });
const composition = { tasks: ['main'], modes: [], recommendedMode: 'merge' as const };
const me = fc.constantFrom('Me', 'Ich');
const owner = fc.option(fc.constantFrom('Ana', 'Dan'), { nil: undefined });

test('who the user is and how the app calls them is in a request only where its answer depends on it', () => {
  fc.assert(
    fc.property(fc.array(message), fc.boolean(), fc.tuple(owner, owner), fc.tuple(me, me), (messages, asksForReplySpeaker, owners, names) => {
      const [first, second] = ([0, 1] as const).map(index => {
        const conversation: Conversation = { id: 'a', input: { kind: 'conversation', messages }, range: ALL };
        const owned = owners[index] === undefined ? conversation : { ...conversation, owner: owners[index] };
        const made = { mainTask: 'main', into: [], mode: 'auto' as const };
        return requestOf(made, { ...composition, asksForReplySpeaker }, owned, { maxTokens: null, maxPromptTokens: null }, names[index]);
      });
      if (asksForReplySpeaker) expect(first?.replySpeaker).toBe(owners[0] ?? first?.replySpeaker ?? names[0]);
      else expect(second).toEqual(first);
      expect(first !== undefined && 'replySpeaker' in first).toBe(asksForReplySpeaker);
    }),
  );
});
