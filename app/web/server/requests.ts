import type { IncomingMessage } from 'node:http';

import type { BenchPlan, ChatMessage, Input, Mode, RunRequest } from '../../src/core/contract';
import { CoreError } from '../../src/core/errors';

/** The most that a request's body may hold, in bytes: a chat export may be long. */
const LIMIT = 32 * 1024 * 1024;

/** A request's body. Throws CoreError. */
export async function readBytes(request: IncomingMessage): Promise<ArrayBuffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new CoreError({ source: 'input', kind: 'too-large', message: `the text is larger than ${String(LIMIT)} bytes` });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks)).buffer;
}

/** The JSON of a request's body. Throws CoreError. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request);
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    throw malformed();
  }
}

/** Throws CoreError. */
export function readText(value: unknown): string {
  return string(fields(value)['text']);
}

/** A bundle's, or that of what is to be stopped. Throws CoreError. */
export function readId(value: unknown): string {
  return string(fields(value)['id']);
}

/** Throws CoreError. */
export function readRunRequest(value: unknown): RunRequest {
  const { input, mainTask, into, mode, replySpeaker, maxTokens, maxPromptTokens } = fields(value);
  return {
    input: readInput(input),
    mainTask: string(mainTask),
    into: array(into).map(string),
    mode: readMode(mode),
    ...(replySpeaker !== undefined && { replySpeaker: string(replySpeaker) }),
    ...(maxTokens !== undefined && { maxTokens: count(maxTokens) }),
    ...(maxPromptTokens !== undefined && { maxPromptTokens: count(maxPromptTokens) }),
  };
}

/** Throws CoreError. */
export function readBenchPlan(value: unknown): BenchPlan {
  const { inputs, mainTask, into, runs } = fields(value);
  return { inputs: array(inputs).map(readInput), mainTask: string(mainTask), into: array(into).map(string), runs: count(runs) };
}

const modes = { auto: true, calibrated: true, 'two-step': true, merge: true, 'zero-shot': true } satisfies Record<Mode, true>;

function readMode(value: unknown): Mode {
  if (typeof value !== 'string' || !Object.hasOwn(modes, value)) throw malformed();
  return value as Mode;
}

function readInput(value: unknown): Input {
  const { kind, messages, text } = fields(value);
  if (kind === 'text') return { kind, text: string(text) };
  if (kind === 'conversation') return { kind, messages: array(messages).map(readMessage) };
  throw malformed();
}

function readMessage(value: unknown): ChatMessage {
  const { speaker, text } = fields(value);
  return { speaker: string(speaker), text: string(text) };
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw malformed();
  return value as Record<string, unknown>;
}

function array(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw malformed();
  return value;
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 0xffff) throw malformed();
  return value;
}

function malformed(): CoreError {
  return new CoreError({ source: 'internal', kind: 'malformed-request', message: 'the page sent a request in an unknown form' });
}
