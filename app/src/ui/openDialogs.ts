import { useEffect } from 'react';

import { Store } from '../core/store';

/** How many dialogs are in front of the screens. */
export const openDialogs = new Store(0);

/** Counts a dialog while it is open. */
export function useOpenDialog(open: boolean): void {
  useEffect(() => {
    if (!open) return undefined;
    openDialogs.set(openDialogs.get() + 1);
    return () => {
      openDialogs.set(openDialogs.get() - 1);
    };
  }, [open]);
}
