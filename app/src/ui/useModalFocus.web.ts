import { useEffect, useRef, type ComponentRef, type RefObject } from 'react';
import type { View } from 'react-native';

const FOCUSABLE = 'button:not(:disabled), input, textarea, [tabindex="0"]';

/** As useModalFocus.ts, in a browser: the focus goes into the dialog, stays there, and goes back; Escape dismisses. */
export function useModalFocus(onDismiss: () => void): RefObject<ComponentRef<typeof View> | null> {
  const view = useRef<ComponentRef<typeof View>>(null);
  const dismiss = useRef(onDismiss);
  useEffect(() => {
    dismiss.current = onDismiss;
  }, [onDismiss]);

  useEffect(() => {
    const dialog = view.current as unknown as HTMLElement; // which it is in React Native for the web
    const before = document.activeElement;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') dismiss.current();
      if (event.key === 'Tab') keepInside(dialog, event);
    };
    // A field that takes the focus by itself keeps it.
    if (!dialog.contains(before)) dialog.focus();
    dialog.addEventListener('keydown', onKey);
    return () => {
      dialog.removeEventListener('keydown', onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return view;
}

/** From the last element on to the first, and back. */
function keepInside(dialog: HTMLElement, event: KeyboardEvent): void {
  const inside = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const [first, last] = [inside[0], inside.at(-1)];
  const at = document.activeElement;
  const leaves = event.shiftKey ? at === first || at === dialog : at === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}
