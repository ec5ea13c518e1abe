import type { ChatMessage, Input } from '../../core/contract';
import { Store, type Readable } from '../../core/store';

import { ALL, inRange, type Range } from './range';

/** What is shown and worked on. */
export type Conversation = {
  id: string;
  /** The speaker who is the user: their messages stand on the right, and a reply is theirs. */
  owner?: string;
  input: Input;
  range: Range;
  /** Writes an answer where the text came from; false when nobody waits for it any more. */
  replace?: (text: string) => Promise<boolean>;
};

export type Sample = { id: string; domain: string; conversation: ChatMessage[]; reply_speaker: string };

export function fromSample(sample: Sample): Conversation {
  return { id: sample.id, owner: sample.reply_speaker, input: { kind: 'conversation', messages: sample.conversation }, range: ALL };
}

/** The messages that were recognised in a text, or the text itself where there were none. */
export function fromText(text: string, messages: ChatMessage[]): Conversation {
  return messages.length > 0 ? fromMessages(messages) : { id: newId(), input: { kind: 'text', text }, range: ALL };
}

export function fromMessages(messages: ChatMessage[]): Conversation {
  return { id: newId(), input: { kind: 'conversation', messages }, range: ALL };
}

/** Who speaks in it, in the order of their first message. */
export function speakersOf(input: Input): string[] {
  if (input.kind === 'text') return [];
  return [...new Set(input.messages.map(({ speaker }) => speaker))].filter(speaker => speaker !== '');
}

/** What of it is worked on. */
export function chosenInput({ input, range, owner }: Conversation): Input {
  return input.kind === 'text' ? input : { kind: 'conversation', messages: inRange(input.messages, range, owner) };
}

/** Who would reply: the owner, else the latest speaker, within the range or before it, who is not the last message's; undefined where there is none. */
export function replierOf({ input, owner }: Conversation): string | undefined {
  if (owner !== undefined || input.kind === 'text') return owner;
  const last = input.messages.at(-1)?.speaker;
  return input.messages.findLast(({ speaker }) => speaker !== '' && speaker !== last)?.speaker;
}

/** The conversation on the first screen. */
export class CurrentConversation {
  private readonly store: Store<Conversation | undefined>;

  /** `ownNames` are names that the user has said to be theirs. */
  constructor(
    first: Conversation | undefined,
    private readonly ownNames: () => readonly string[] = () => [],
  ) {
    this.store = new Store(first);
  }

  get state(): Readable<Conversation | undefined> {
    return this.store;
  }

  open(conversation: Conversation): void {
    const known = conversation.owner ?? this.ownNames().find(name => speakersOf(conversation.input).includes(name));
    this.store.set(known === undefined ? conversation : { ...conversation, owner: known });
  }

  setRange(range: Range): void {
    this.change(conversation => ({ ...conversation, range }));
  }

  setOwner(owner: string | undefined): void {
    this.change(conversation => {
      // What came after someone else's last message is not what was asked for.
      const changed = conversation.range.kind === 'since-own' ? { ...conversation, range: ALL } : { ...conversation };
      delete changed.owner;
      return owner === undefined ? changed : { ...changed, owner };
    });
  }

  private change(change: (conversation: Conversation) => Conversation): void {
    const conversation = this.store.get();
    if (conversation) this.store.set(change(conversation));
  }
}

let opened = 0;

function newId(): string {
  opened += 1;
  return `opened-${String(opened)}`;
}
