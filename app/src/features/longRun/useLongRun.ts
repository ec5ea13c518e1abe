import { useEffect } from 'react';

import type { Device } from '../../core/device';
import { Store } from '../../core/store';
import type { Messages } from '../../i18n';
import { useStore } from '../../ui/useStore';
import type { Answers } from '../answer/answers';
import type { Benchmark } from '../benchmark/benchmark';
import type { Bundles, BundlesState } from '../library/bundles';

import { isLong, workOf } from './work';

type Workers = { answers: Answers; benchmark: Benchmark; bundles: Bundles | undefined };

const noBundles = new Store<BundlesState>({});

/** Tells the system while the app works, so that it goes on when the screen is off, and what was running if the system ends the app. */
export function useLongRun({ answers, benchmark, bundles }: Workers, { longRun, exitNotice }: Device, messages: Messages): void {
  const work = workOf(useStore(answers.state), useStore(benchmark.state), useStore(bundles?.state ?? noBundles));
  const what = work?.what;
  const long = work !== undefined && isLong(work);
  const { done = 0, total = 0 } = work ?? {};

  useEffect(() => {
    if (what === undefined) return undefined;
    longRun?.begin({ channel: messages.app.name, title: messages.longRun[what], stop: messages.answer.stop });
    exitNotice?.running(what);
    return () => {
      longRun?.end();
      exitNotice?.running(undefined);
    };
  }, [what, longRun, exitNotice, messages]);

  useEffect(() => {
    if (long) longRun?.askToShow();
  }, [long, longRun]);

  useEffect(() => {
    if (total > 0) longRun?.progress(done, total);
  }, [done, total, longRun]);
}
