import { useDates, useMessages, useNumbers } from '../../i18n';

import type { Range } from './range';

/** What the user reads for a range of a conversation of `all` messages. */
export type RangeName = (range: Range, all: number) => string;

export function useRangeName(): RangeName {
  const messages = useMessages();
  const number = useNumbers();
  const dates = useDates();
  return (range, all) => {
    switch (range.kind) {
      case 'all':
        return messages.conversation.messages(number(all), all);
      case 'last':
        return messages.range.last(number(range.count), range.count);
      case 'since':
        return messages.range.since(dates.day(range.day));
      case 'since-own':
        return messages.range.sinceOwn;
    }
  };
}
