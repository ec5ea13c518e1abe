import type { ChatMessage, Input } from '../../core/contract';

/** What is shown and summarised. `owner` is the speaker whose messages stand on the right. */
export type Conversation = { id: string; owner?: string | undefined; input: Input };

export type Sample = { id: string; domain: string; conversation: ChatMessage[]; reply_speaker: string };

export function fromSample(sample: Sample): Conversation {
  return { id: sample.id, owner: sample.reply_speaker, input: { kind: 'conversation', messages: sample.conversation } };
}

/** Pasted text, as the messages that were recognised in it, or as plain text where there were none. */
export function fromPaste(text: string, messages: ChatMessage[]): Conversation {
  const input: Input = messages.length > 0 ? { kind: 'conversation', messages } : { kind: 'text', text };
  return { id: 'pasted', input };
}
