import { useRef, type ComponentRef, type RefObject } from 'react';
import type { View } from 'react-native';

type UseModalFocus = (onDismiss: () => void) => RefObject<ComponentRef<typeof View> | null>;

/** For the view of a dialog. Android keeps the focus of assistive technology in a modal view, and its Back dismisses it: nothing is left to be done. */
export const useModalFocus: UseModalFocus = () => useRef(null);
