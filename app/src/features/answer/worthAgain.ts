import type { Input, RunRequest } from '../../core/contract';

import type { FinishedItem } from './answers';

/**
 * Whether an answer that is asked for `now` can be another one: a model always takes its likeliest words, so that the same request gives the same text.
 * `bundle` is the id of what would be asked, where that is known.
 */
export function worthAgain({ request, state: { answer, text, bundle: madeBy }, problem }: FinishedItem, now: RunRequest, bundle: string | undefined): boolean {
  const stopped = answer.statistics.finishReason === 'cancelled';
  const isOther = bundle !== undefined && bundle !== madeBy;
  return stopped || isOther || text !== answer.text || problem !== undefined || !isSame(request, now);
}

function isSame({ input, ...request }: RunRequest, { input: otherInput, ...other }: RunRequest): boolean {
  const keys = [...new Set([...Object.keys(request), ...Object.keys(other)])] as (keyof typeof request)[];
  return isSameInput(input, otherInput) && keys.every(key => String(request[key]) === String(other[key]));
}

/** Long conversations are compared often, as answers are written: their messages stay the same objects. */
function isSameInput(input: Input, other: Input): boolean {
  if (input.kind === 'text') return other.kind === 'text' && input.text === other.text;
  return (
    other.kind === 'conversation' &&
    input.messages.length === other.messages.length &&
    input.messages.every((message, index) => message === other.messages[index])
  );
}
