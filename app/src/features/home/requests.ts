import type { Composition, RunRequest } from '../../core/contract';
import { chosenInput, replierOf, type Conversation } from '../conversation/conversation';
import type { Preferences } from '../settings/preferences';

/** What is to be made, and how. */
export type Made = Pick<RunRequest, 'mainTask' | 'into' | 'mode'>;

/** The request for it as things are. `me` is who replies, where that is asked for, if the conversation names nobody who could. */
export function requestOf(
  { mainTask, into, mode }: Made,
  composition: Composition | undefined,
  conversation: Conversation,
  { maxTokens, maxPromptTokens }: Pick<Preferences, 'maxTokens' | 'maxPromptTokens'>,
  me: string,
): RunRequest {
  return {
    input: chosenInput(conversation),
    mainTask,
    into,
    mode,
    ...(composition?.asksForReplySpeaker && { replySpeaker: replierOf(conversation) ?? me }),
    ...(maxTokens !== null && { maxTokens }),
    ...(maxPromptTokens !== null && { maxPromptTokens }),
  };
}
