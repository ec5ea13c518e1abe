import { useEffect, useState } from 'react';

import { copyText } from './copyText';

/** How long "copied" is shown, in milliseconds. */
const COPIED_FOR = 2000;

/** Puts text on the clipboard; `copied` says so for a moment. Where the system refuses, it stays false. */
export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => {
      setCopied(false);
    }, COPIED_FOR);
    return () => {
      clearTimeout(timer);
    };
  }, [copied]);
  const copy = (text: string) => {
    copyText(text).then(
      () => {
        setCopied(true);
      },
      () => undefined, // the label then stays as it is
    );
  };
  return { copied, copy };
}
