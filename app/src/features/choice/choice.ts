import type { Mode, RunningMode } from '../../core/contract';

import { mainTasks, optionOf, type Aspect, type Output } from './outputs';

/** All options of one aspect, or all modes, instead of one. */
export type Several = Aspect | 'mode';

/** What the user wants made. The keys are those of the options; it is kept over a change of the bundle, so that it may ask for what is not offered. */
export type Choice = {
  mainTask: string;
  language: string;
  tone: string;
  mode: Mode;
  several?: Several;
};

/** One thing to be made. */
export type Wanted = { output: Output; mode: Mode };

/** The output that is chosen, or the nearest that is offered: the wish for a language goes before that for a tone. */
export function chosenOutput(outputs: Output[], choice: Choice): Output | undefined {
  const fits = (output: Output) =>
    Number(output.mainTask === choice.mainTask) * 4 + Number(matches(output, 'language', choice)) * 2 + Number(matches(output, 'tone', choice));
  let best: Output | undefined;
  for (const output of outputs) if (!best || fits(output) > fits(best)) best = output;
  return best;
}

/** The choice after a tap: the new option is kept, the others as far as they are offered with it. */
export function choose(outputs: Output[], choice: Choice, change: Partial<Pick<Choice, 'mainTask' | Aspect>>): Choice {
  const wanted: Choice = { ...choice, ...change };
  delete wanted.several;
  const kept = outputs.filter(
    output =>
      output.mainTask === wanted.mainTask &&
      (change.language === undefined || matches(output, 'language', wanted)) &&
      (change.tone === undefined || matches(output, 'tone', wanted)),
  );
  const output = chosenOutput(kept, wanted);
  return output ? { ...wanted, ...keysOf(output) } : wanted;
}

/** What is chosen at first: the first of the first main task that is more than this task alone. */
export function firstChoice(outputs: Output[]): Choice {
  const [mainTask = ''] = mainTasks(outputs);
  const own = outputs.filter(output => output.mainTask === mainTask);
  const output = own.find(({ extras }) => extras.length > 0) ?? own[0];
  return { mainTask, language: '', tone: '', ...(output && keysOf(output)), mode: 'auto' };
}

/** The outputs that differ from the chosen one in this aspect alone; the chosen one is among them. */
export function alternatives(outputs: Output[], chosen: Output, aspect: Aspect): Output[] {
  const other: Aspect = aspect === 'language' ? 'tone' : 'language';
  return outputs.filter(output => output.mainTask === chosen.mainTask && optionOf(output, other).key === optionOf(chosen, other).key);
}

/** What is to be made, in order: what the user has in view comes first. */
export function wanted(outputs: Output[], choice: Choice): Wanted[] {
  const output = chosenOutput(outputs, choice);
  if (!output) return [];
  if (choice.several === 'mode') return modesOf(output).map(mode => ({ output, mode }));
  const all = choice.several ? alternatives(outputs, output, choice.several) : [output];
  return [output, ...all.filter(each => each !== output)].map(each => ({ output: each, mode: offeredMode(each, choice.mode) }));
}

/** The chosen mode, or automatic where it is not offered. */
export function offeredMode(output: Output, mode: Mode): Mode {
  return mode !== 'auto' && output.composition.modes.includes(mode) ? mode : 'auto';
}

/** Whether all options of an aspect can be asked for at once. */
export function offersSeveral(outputs: Output[], mainTask: string, aspect: Aspect): boolean {
  return broadest(outputs, mainTask, aspect) > FEW;
}

/** The choice of all options of an aspect; where the other aspect leaves no such choice, it gives way. */
export function chooseSeveral(outputs: Output[], choice: Choice, aspect: Aspect): Choice {
  const output = chosenOutput(outputs, choice);
  if (!output) return choice;
  const most = broadest(outputs, output.mainTask, aspect);
  const suits = (each: Output) => alternatives(outputs, each, aspect).length > FEW || alternatives(outputs, each, aspect).length === most;
  const base = suits(output) ? output : (outputs.find(each => each.mainTask === output.mainTask && suits(each)) ?? output);
  return { ...choice, mainTask: base.mainTask, ...keysOf(base), several: aspect };
}

/** Of so many the user rather taps each. */
const FEW = 2;

function broadest(outputs: Output[], mainTask: string, aspect: Aspect): number {
  return Math.max(0, ...outputs.filter(output => output.mainTask === mainTask).map(output => alternatives(outputs, output, aspect).length));
}

function modesOf({ composition: { modes, recommendedMode } }: Output): RunningMode[] {
  return [recommendedMode, ...modes.filter(mode => mode !== recommendedMode)];
}

function keysOf(output: Output): Pick<Choice, Aspect> {
  return { language: optionOf(output, 'language').key, tone: optionOf(output, 'tone').key };
}

function matches(output: Output, aspect: Aspect, choice: Choice): boolean {
  return optionOf(output, aspect).key === choice[aspect];
}
