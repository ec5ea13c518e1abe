import type { Storage, StoragePlace } from './storage';

/** The place, opened once for all who ask. A failure is not kept: the next who asks tries again. */
export function sharedStorage(place: StoragePlace): StoragePlace {
  let opened: Promise<Storage> | undefined;
  const share = (opening: Promise<Storage>) => {
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
  const open = () => opened ?? share(place.open());
  return {
    open,
    // What opens after all is not deleted.
    startNew: () => share(open().catch(() => place.startNew())),
  };
}
