import fc from 'fast-check';

import { bundle } from '../../../jest/scriptedCore';
import type { BundleInfo, Mode } from '../../core/contract';

import { alternatives, choose, chooseSeveral, chosenOutput, firstChoice, offeredMode, offersSeveral, wanted, type Choice } from './choice';
import { optionOf, optionsOf, outputsOf, type Output } from './outputs';

const of = (tasks: BundleInfo['tasks'], compositions: string[][]): BundleInfo => ({
  ...bundle,
  tasks,
  compositions: compositions.map(ids => ({ tasks: ids, modes: ['calibrated', 'merge'], recommendedMode: 'merge', asksForReplySpeaker: false })),
});

const tasks: BundleInfo['tasks'] = [
  { id: 'answer', kind: 'main' },
  { id: 'shorten', kind: 'main' },
  { id: 'funny', kind: 'tone' },
  { id: 'stern', kind: 'tone' },
  { id: 'xx', kind: 'translation', languageTag: 'xx' },
  { id: 'yy', kind: 'translation', languageTag: 'yy' },
];

const ids = (outputs: Output[]) => outputs.map(({ id }) => id);

/** Any bundle made of these tasks, in any order, hostile ones too. */
const anyBundle = fc
  .array(fc.tuple(fc.constantFrom('answer', 'shorten', 'xx', 'ghost'), fc.subarray(['xx', 'yy', 'funny', 'stern', 'answer'], { maxLength: 3 })), {
    maxLength: 12,
  })
  .map(compositions =>
    of(
      tasks,
      compositions.map(([main, others]) => [main, ...others]),
    ),
  );
const key = fc.constantFrom('', 'xx', 'yy', 'funny', 'stern', 'gone');
const anyChoice: fc.Arbitrary<Choice> = fc.record(
  {
    mainTask: fc.constantFrom('answer', 'shorten', 'gone'),
    language: key,
    tone: key,
    mode: fc.constantFrom<Mode>('auto', 'calibrated', 'two-step'),
    several: fc.constantFrom('language' as const, 'tone' as const, 'mode' as const),
  },
  { requiredKeys: ['mainTask', 'language', 'tone', 'mode'] },
);

describe('outputs', () => {
  test('are the bundle’s compositions, in its order, of any main task and any number of others', () => {
    const compositions = [['shorten', 'funny', 'xx'], ['answer', 'xx'], ['shorten']];
    const outputs = outputsOf(of(tasks, compositions));
    expect(ids(outputs)).toEqual(['shorten+funny+xx', 'answer+xx', 'shorten']);
    expect(outputs[0] && optionOf(outputs[0], 'tone').key).toBe('funny');
    expect(outputs[0] && optionOf(outputs[0], 'language').key).toBe('xx');
  });

  test('a composition that could not be named or chosen is left out', () => {
    expect(ids(outputsOf(of(tasks, [['shorten', 'ghost'], ['shorten'], [], ['ghost'], ['xx'], ['shorten', 'answer']])))).toEqual(['shorten']);
  });

  test('the options without a task come first', () => {
    const outputs = outputsOf(of(tasks, [['shorten', 'xx'], ['shorten', 'funny', 'xx'], ['shorten'], ['answer', 'yy']]));
    expect(optionsOf(outputs, 'shorten', 'language').map(option => option.key)).toEqual(['', 'xx']);
    expect(optionsOf(outputs, 'shorten', 'tone').map(option => option.key)).toEqual(['', 'funny']);
  });
});

describe('a choice', () => {
  test('at first is one that the main task alone is not, where there is one', () => {
    const first = (compositions: string[][]) => firstChoice(outputsOf(of(tasks, compositions)));
    expect(first([['shorten'], ['shorten', 'xx']])).toMatchObject({ mainTask: 'shorten', language: 'xx' });
    expect(first([['shorten']])).toMatchObject({ mainTask: 'shorten', language: '' });
    expect(wanted([], first([]))).toEqual([]);
  });

  test('of whatever kind ends in something that the bundle offers, if it offers anything', () => {
    fc.assert(
      fc.property(anyBundle, anyChoice, (offered, choice) => {
        const outputs = outputsOf(offered);
        const made = wanted(outputs, choice);
        expect(made.length > 0).toBe(outputs.length > 0);
        for (const { output, mode } of made) {
          expect(outputs).toContain(output);
          expect(mode === 'auto' || output.composition.modes.includes(mode)).toBe(true);
        }
        expect(made[0]?.output).toBe(chosenOutput(outputs, choice));
      }),
    );
  });

  test('an option that is tapped is then the chosen one, and the others stay as far as they are offered with it', () => {
    fc.assert(
      fc.property(anyBundle, anyChoice, fc.constantFrom('language' as const, 'tone' as const), fc.nat(), (offered, choice, aspect, index) => {
        const outputs = outputsOf(offered);
        const before = chosenOutput(outputs, choice);
        if (!before) return;
        const options = optionsOf(outputs, before.mainTask, aspect);
        const tapped = options[index % options.length];
        if (!tapped) throw new Error('an output has options');
        const after = chosenOutput(outputs, choose(outputs, { ...choice, mainTask: before.mainTask }, { [aspect]: tapped.key }));
        expect(after?.mainTask).toBe(before.mainTask);
        expect(after && optionOf(after, aspect).key).toBe(tapped.key);
        const other = aspect === 'language' ? 'tone' : 'language';
        const both = outputs.some(
          output => output.mainTask === before.mainTask && optionOf(output, aspect).key === tapped.key && optionOf(output, other).key === choice[other],
        );
        if (both) expect(after && optionOf(after, other).key).toBe(choice[other]);
      }),
    );
  });

  test('of all options of an aspect makes each once, and none that differs in another', () => {
    fc.assert(
      fc.property(anyBundle, anyChoice, fc.constantFrom('language' as const, 'tone' as const), (offered, choice, several) => {
        const outputs = outputsOf(offered);
        const chosen = chosenOutput(outputs, choice);
        if (!chosen) return;
        const made = wanted(outputs, { ...choice, several }).map(({ output }) => output);
        expect(new Set(made)).toEqual(new Set(alternatives(outputs, chosen, several)));
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  test('of all options of an aspect, where that is offered, makes more than two', () => {
    fc.assert(
      fc.property(anyBundle, anyChoice, fc.constantFrom('language' as const, 'tone' as const), (offered, choice, aspect) => {
        const outputs = outputsOf(offered);
        const chosen = chosenOutput(outputs, choice);
        if (!chosen || !offersSeveral(outputs, chosen.mainTask, aspect)) return;
        const made = wanted(outputs, chooseSeveral(outputs, choice, aspect));
        expect(made.length).toBeGreaterThan(2);
        for (const { output } of made) expect(output.mainTask).toBe(chosen.mainTask);
      }),
    );
  });

  test('of all modes makes each that the output has, the recommended one first', () => {
    const outputs = outputsOf(bundle);
    const choice: Choice = { ...firstChoice(outputs), several: 'mode' };
    expect(wanted(outputs, choice).map(({ mode }) => mode)).toEqual(['calibrated', 'two-step', 'merge', 'zero-shot']);
  });

  test('of a mode that is not offered falls back to the automatic one', () => {
    const [alone, translated] = outputsOf(bundle);
    expect(alone && offeredMode(alone, 'calibrated')).toBe('auto');
    expect(translated && offeredMode(translated, 'calibrated')).toBe('calibrated');
  });
});
