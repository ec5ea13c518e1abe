import { useState } from 'react';
import { Snackbar } from 'react-native-paper';

import { useMessages, type Messages } from '../../i18n';
import { adviceOf } from '../../ui/errorText';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';

import type { Notice, Notices, Shown } from './notices';

/** How long a notice stays, in milliseconds. */
const SHOWN_FOR = 8000;

/** The notice at the bottom of the screen. */
export function NoticeBar({ notices }: { notices: Notices }) {
  const messages = useMessages();
  const shown = useStore(notices.state);
  const key = useCount(shown);
  const notice = shown?.notice;
  const undo = typeof notice === 'object' && 'undo' in notice ? notice.undo : undefined;
  return (
    <Snackbar
      key={key}
      visible={notice !== undefined}
      onDismiss={notices.dismiss}
      duration={SHOWN_FOR}
      // The bar closes with either.
      action={{ label: undo ? messages.app.undo : messages.app.close, onPress: undo ?? notices.dismiss, contentStyle: { minHeight: TOUCH_TARGET } }}>
      {notice === undefined ? '' : noticeText(notice, messages)}
    </Snackbar>
  );
}

/** Of the notices so far: the bar counts its time from when it appears, so each has a bar of its own. */
function useCount(shown: Shown | undefined): number {
  const [last, setLast] = useState({ shown, count: 0 });
  // The last one's stays while it goes away.
  if (shown !== undefined && shown !== last.shown) setLast({ shown, count: last.count + 1 });
  return last.count;
}

function noticeText(notice: Notice, messages: Messages): string {
  if (typeof notice === 'object') {
    return 'undo' in notice ? messages.history.removed : adviceOf(notice.refused, messages);
  }
  switch (notice) {
    case 'history-full':
      return messages.history.full;
    case 'history-lost':
      return messages.history.lost;
    case 'history-failed':
      return messages.history.failed;
    case 'low-memory':
      return messages.notice.lowMemory;
    case 'short-of-memory':
      return messages.notice.shortOfMemory;
    case 'crash':
      return messages.notice.crash;
    case 'replaced':
      return messages.answer.replaced;
    case 'replace-failed':
      return messages.answer.replaceFailed;
    case 'import-empty':
      return messages.conversation.importEmpty;
    case 'no-voice':
      return messages.notice.noVoice;
    case 'exported':
      return messages.history.exported;
    case 'failed':
      return messages.error.title.internal;
  }
}
