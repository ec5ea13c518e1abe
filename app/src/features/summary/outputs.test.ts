import { bundle } from '../../../jest/scriptedCore';
import type { BundleInfo } from '../../core/contract';

import { defaultOutput, outputsOf } from './outputs';

const of = (tasks: BundleInfo['tasks'], compositions: string[][]): BundleInfo => ({
  ...bundle,
  tasks,
  compositions: compositions.map(ids => ({ tasks: ids, modes: ['merge'], recommendedMode: 'merge' })),
});

test('the outputs are the bundle’s compositions of summaries, in its order', () => {
  const tasks = [
    { id: 'reply', kind: 'main' as const },
    { id: 'summarize', kind: 'main' as const },
    { id: 'witty', kind: 'tone' as const },
    { id: 'xx', kind: 'translation' as const, languageTag: 'xx' },
  ];
  const outputs = outputsOf(of(tasks, [['summarize', 'witty', 'xx'], ['reply', 'xx'], ['summarize'], ['summarize', 'xx']]));
  expect(outputs.map(({ id }) => id)).toEqual(['summarize+witty+xx', 'summarize', 'summarize+xx']);
  expect(outputs[0]?.extras.map(({ id }) => id)).toEqual(['witty', 'xx']);
});

test('a composition with a task that the bundle does not describe is left out', () => {
  expect(outputsOf(of([{ id: 'summarize', kind: 'main' }], [['summarize', 'ghost'], ['summarize'], []])).map(({ id }) => id)).toEqual(['summarize']);
});

test('at first the output is one that a plain summary is not, where there is one', () => {
  expect(defaultOutput(outputsOf(bundle))?.id).toBe('summarize+es');
  expect(defaultOutput(outputsOf(of(bundle.tasks, [['summarize']])))?.id).toBe('summarize');
  expect(defaultOutput([])).toBeUndefined();
});
