import type { Device } from '../../core/device';
import { messagesFor, localeFor } from '../../i18n';
import type { Answers } from '../answer/answers';
import type { Benchmark } from '../benchmark/benchmark';
import type { Bundles } from '../library/bundles';
import type { PreferenceStore } from '../settings/preferences';

import { isLong, workOf, type Work } from './work';

type Followed = { answers: Answers; benchmark: Benchmark; bundles: Bundles | undefined; preferences: PreferenceStore };

/**
 * Tells the system while the app works, so that it goes on when the screen is off, and what was running if the system ends the app. No screen has a part in
 * it: what is at work goes on without one. The returned function ends that.
 */
export function tellWork({ answers, benchmark, bundles, preferences }: Followed, { longRun, exitNotice }: Device): () => void {
  let told: { work: Work; language: string | null } | undefined;

  const tell = () => {
    const work = workOf(answers.state.get(), benchmark.state.get(), bundles?.state.get() ?? {});
    if (!work) {
      end();
      return;
    }
    const { language } = preferences.state.get();
    const before = told?.work;
    const other = before?.what !== work.what;
    const relabelled = other || told?.language !== language;
    told = { work, language };
    // One that follows another takes its notification over: out of sight, none could be started.
    if (relabelled) longRun?.begin(labelsOf(work, language));
    if (other) exitNotice?.running(work.what);
    if (isLong(work) && (other || !isLong(before))) longRun?.askToShow();
    if (work.total > 0 && (relabelled || work.done !== before.done || work.total !== before.total)) longRun?.progress(work.done, work.total);
  };
  const end = () => {
    if (!told) return;
    told = undefined;
    longRun?.end();
    exitNotice?.running(undefined);
  };

  const ends = [answers, benchmark, bundles, preferences].map(each => each?.state.subscribe(tell));
  tell();
  return () => {
    for (const stop of ends) stop?.();
    end();
  };
}

/** The notification speaks the language of the interface. */
function labelsOf({ what }: Work, language: string | null) {
  const { app, longRun, answer } = messagesFor(localeFor(language));
  return { channel: app.name, title: longRun[what], stop: answer.stop };
}
