import { statistics } from '../../../jest/scriptedCore';
import type { RunRequest } from '../../core/contract';
import { CoreError } from '../../core/errors';

import type { FinishedItem } from './answers';
import { worthAgain as worthAgainWith } from './worthAgain';

const messages = [
  { speaker: 'Ana', text: 'Friday?' },
  { speaker: 'Bea', text: 'Yes.' },
];
const request: RunRequest = { input: { kind: 'conversation', messages }, mainTask: 'main', into: ['xx'], mode: 'auto', replySpeaker: 'Bea' };

function finished({ state, ...changes }: Partial<Omit<FinishedItem, 'state'>> & { state?: Partial<FinishedItem['state']> } = {}): FinishedItem {
  return { id: 'a', request, state: { kind: 'finished', answer: { text: 'Sí.', statistics }, text: 'Sí.', at: 7, bundle: 'a', ...state }, ...changes };
}

/** With the bundle that made it. */
const worthAgain = (item: FinishedItem, now: RunRequest) => worthAgainWith(item, now, 'a');

const same: RunRequest = { ...request, input: { kind: 'conversation', messages: [...messages] } };

test('the same request would give the same answer', () => {
  expect(worthAgain(finished(), same)).toBe(false);
  const text: RunRequest = { ...request, input: { kind: 'text', text: 'x' } };
  expect(worthAgain(finished({ request: text }), { ...text, input: { kind: 'text', text: 'x' } })).toBe(false);
});

test('another bundle can give another, one that is not known promises none', () => {
  expect(worthAgainWith(finished(), same, 'b')).toBe(true);
  expect(worthAgainWith(finished(), same, undefined)).toBe(false);
});

test('one that was stopped, changed, or could not be made again can be another', () => {
  const stopped = { text: 'Sí.', statistics: { ...statistics, finishReason: 'cancelled' as const } };
  expect(worthAgain(finished({ state: { answer: stopped } }), same)).toBe(true);
  expect(worthAgain(finished({ state: { text: 'Sí, claro.' } }), same)).toBe(true);
  expect(worthAgain(finished({ problem: new CoreError({ source: 'input', kind: 'x', message: 'x' }) }), same)).toBe(true);
});

test.each<[string, Partial<RunRequest>]>([
  ['fewer messages', { input: { kind: 'conversation', messages: messages.slice(1) } }],
  ['other messages', { input: { kind: 'conversation', messages: [...messages].reverse() } }],
  ['a text', { input: { kind: 'text', text: 'x' } }],
  ['another speaker', { replySpeaker: 'Ana' }],
  ['another length', { maxTokens: 64 }],
  ['less to read', { maxPromptTokens: 256 }],
])('%s can give another', (_, change) => {
  expect(worthAgain(finished(), { ...same, ...change })).toBe(true);
  expect(worthAgain(finished({ request: { ...request, ...change } }), same)).toBe(true);
});
