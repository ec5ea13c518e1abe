/**
 * Whether memory grows from run to run: answers the samples in every composition of the bundle, in turns, on the real core through the Node binding, after one
 * round to warm up. Prints one JSON object: `runs`, and resident memory in bytes: `before`, `after` (medians of five runs at each end), `peak`, and `growth`
 * as a share. Exit 1 when it is more than LIMIT. `npm run memory -w @tandem/app [RUNS]`; TANDEM_BUNDLE and TANDEM_BASE as for the preview.
 */
import { join } from 'node:path';

import samples from '../../assets/samples/conversations.json';
import { bindingCore } from '../src/core/bindingCore';
import { CoreError } from '../src/core/errors';

/** Of what is resident after the first round. */
const LIMIT = 0.05;
/** Short answers: what is not given back is so after each run, however long. */
const MAX_TOKENS = 16;
/** Runs at each end whose median is compared. */
const END = 5;

const runs = Number(process.argv[2] ?? 50);
if (!Number.isInteger(runs) || runs < 2 * END) {
  console.error(`memory: RUNS is "${String(process.argv[2])}"; it must be a whole number from ${String(2 * END)} on`);
  process.exit(2);
}
const bundlePath = process.env['TANDEM_BUNDLE'] ?? join(import.meta.dirname, '..', '..', 'build', 'bundle');
const core = bindingCore(() => Promise.resolve({ bundlePath, basePath: process.env['TANDEM_BASE'] }));
const session = await core.open({}).catch((thrown: unknown) => {
  const { file, message } = CoreError.from(thrown);
  console.error(`memory: ${file === undefined ? '' : `${file}: `}${message}`);
  process.exit(1);
});

const { compositions } = session.bundle;
const resident: number[] = [];
for (let number = -compositions.length; number < runs; number += 1) {
  const [mainTask = '', ...into] = at(compositions, number).tasks;
  const { conversation, reply_speaker } = at(samples, number);
  const input = { kind: 'conversation' as const, messages: conversation };
  await session.run({ input, mainTask, into, mode: 'auto', replySpeaker: reply_speaker, maxTokens: MAX_TOKENS }, () => undefined);
  if (number < 0) continue;
  resident.push(process.memoryUsage.rss());
  console.error(`${String(number + 1)} of ${String(runs)}: ${String(Math.round(process.memoryUsage.rss() / 2 ** 20))} MiB`);
}
await session.close();

const [before, after] = [median(resident.slice(0, END)), median(resident.slice(-END))];
const growth = after / before - 1;
console.log(JSON.stringify({ runs, before, after, peak: Math.max(...resident), growth: Math.round(growth * 1e4) / 1e4 }));
process.exit(growth > LIMIT ? 1 : 0);

/** In turns; numbers below 0 count from the end. */
function at<T>(values: readonly T[], number: number): T {
  const value = values.at(number % values.length);
  if (value === undefined) throw new Error('the bundle offers nothing');
  return value;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
