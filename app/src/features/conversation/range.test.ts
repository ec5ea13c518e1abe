import fc from 'fast-check';

import type { ChatMessage } from '../../core/contract';

import { daysOf, inRange } from './range';

const chat: fc.Arbitrary<ChatMessage[]> = fc.array(
  fc.record(
    {
      speaker: fc.constantFrom('A', 'B'),
      text: fc.string({ maxLength: 3 }),
      sentAt: fc.constantFrom('2026-01-30T10:00', '2026-01-31T23:59:59', '2026-02-01T00:00', 'nonsense'),
    },
    { requiredKeys: ['speaker', 'text'] },
  ),
  { maxLength: 12 },
);

test('the last so many messages are an end of the conversation of that length', () => {
  fc.assert(
    fc.property(chat, fc.nat({ max: 20 }), (messages, count) => {
      const chosen = inRange(messages, { kind: 'last', count });
      expect(chosen).toEqual(messages.slice(messages.length - chosen.length));
      expect(chosen).toHaveLength(Math.min(count, messages.length));
    }),
  );
});

test('since a day is an end of the conversation, begins on that day, and has as many messages as was said', () => {
  fc.assert(
    fc.property(chat, messages => {
      for (const { day, count } of daysOf(messages)) {
        const chosen = inRange(messages, { kind: 'since', day });
        expect(chosen).toHaveLength(count);
        expect(chosen).toEqual(messages.slice(messages.length - count));
        expect(chosen[0]?.sentAt?.startsWith(day)).toBe(true);
      }
    }),
  );
});

test('since the own last message is an end of the conversation without own messages, right after one or all of it', () => {
  fc.assert(
    fc.property(chat, fc.constantFrom('A', 'B', 'nobody'), (messages, owner) => {
      const chosen = inRange(messages, { kind: 'since-own' }, owner);
      expect(chosen).toEqual(messages.slice(messages.length - chosen.length));
      expect(chosen.some(({ speaker }) => speaker === owner)).toBe(false);
      if (chosen.length < messages.length) expect(messages.at(-chosen.length - 1)?.speaker).toBe(owner);
    }),
  );
});

test('the days are those of the messages in order of time, the last first', () => {
  fc.assert(
    fc.property(chat, messages => {
      const days = daysOf(messages).map(({ day }) => day);
      expect(days).toEqual([...new Set(days)].sort().reverse());
      for (const day of days) expect(messages.some(({ sentAt }) => sentAt?.startsWith(day))).toBe(true);
    }),
  );
  expect(daysOf([{ speaker: 'A', text: 'x' }])).toEqual([]);
});
