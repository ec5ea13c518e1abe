import { useEffect } from 'react';

import type { Device } from '../../core/device';
import type { Messages } from '../../i18n';
import { useStore } from '../../ui/useStore';

import { isPending, type Answers } from './answers';

/** Tells the system while answers are being made, so that they go on when the screen is off, and what was running if it ends the app. */
export function useLongRun(answers: Answers, { longRun, exitNotice }: Device, { answer, app }: Messages): void {
  const busy = useStore(answers.state).some(isPending);
  useEffect(() => {
    if (!busy) return undefined;
    longRun?.begin({ channel: app.name, title: answer.running, stop: answer.stop });
    exitNotice?.running('answer');
    return () => {
      longRun?.end();
      exitNotice?.running(undefined);
    };
  }, [busy, longRun, exitNotice, answer, app]);
}
