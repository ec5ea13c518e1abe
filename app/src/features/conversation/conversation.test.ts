import type { ChatMessage, Input } from '../../core/contract';

import { replierOf } from './conversation';
import { ALL, type Range } from './range';

const by = (...speakers: string[]): Input => ({ kind: 'conversation', messages: speakers.map((speaker): ChatMessage => ({ speaker, text: 'x' })) });
const last: Range = { kind: 'last', count: 1 };

test.each<{ what: string; input: Input; range?: Range; owner?: string; replier: string | undefined }>([
  { what: 'the owner', input: by('Ana', 'Bea', 'Cem'), owner: 'Ana', replier: 'Ana' },
  { what: 'the owner, also where they spoke last', input: by('Ana', 'Bea'), owner: 'Bea', replier: 'Bea' },
  { what: 'the latest other speaker', input: by('Ana', 'Bea', 'Cem', 'Cem'), replier: 'Bea' },
  { what: 'a speaker before the range', input: by('Ana', 'Bea'), range: last, replier: 'Ana' },
  { what: 'a speaker with a name', input: by('Ana', '', 'Cem'), replier: 'Ana' },
  { what: 'nobody where one alone speaks', input: by('Ana', 'Ana'), replier: undefined },
  { what: 'nobody where no message has a speaker', input: by('', ''), replier: undefined },
  { what: 'nobody of a text', input: { kind: 'text', text: 'x' }, replier: undefined },
])('who replies is $what', ({ input, range = ALL, owner, replier }) => {
  expect(replierOf({ id: 'a', input, range, ...(owner !== undefined && { owner }) })).toBe(replier);
});
