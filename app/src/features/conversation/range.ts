import type { ChatMessage } from '../../core/contract';

/** Which messages of a conversation are worked on. `day` is `2026-11-24`; `since-own` is what came after the owner's last message. */
export type Range = { kind: 'all' } | { kind: 'last'; count: number } | { kind: 'since'; day: string } | { kind: 'since-own' };

export const ALL: Range = { kind: 'all' };

/** Always an end of the conversation. Messages of unknown time belong to the day of the message before them. Whom `owner` does not name has sent none. */
export function inRange(messages: ChatMessage[], range: Range, owner?: string): ChatMessage[] {
  switch (range.kind) {
    case 'all':
      return messages;
    case 'last':
      return range.count > 0 ? messages.slice(-range.count) : [];
    case 'since': {
      const first = messages.findIndex(message => (dayOf(message) ?? '') >= range.day);
      return first < 0 ? [] : messages.slice(first);
    }
    case 'since-own':
      return messages.slice(messages.findLastIndex(({ speaker }) => speaker === owner) + 1);
  }
}

/** A day on which something was sent, and how many messages there are from it on. */
export type Day = { day: string; count: number };

/** The days of the conversation, the last first; empty where the times are not known. Days that are out of order, as after a clock was set back, are left out. */
export function daysOf(messages: ChatMessage[]): Day[] {
  const days: Day[] = [];
  let latest = '';
  messages.forEach((message, index) => {
    const day = dayOf(message);
    if (day === undefined || day <= latest) return;
    latest = day;
    days.unshift({ day, count: messages.length - index });
  });
  return days;
}

function dayOf({ sentAt }: ChatMessage): string | undefined {
  return sentAt === undefined ? undefined : /^\d{4}-\d{2}-\d{2}/.exec(sentAt)?.[0];
}
