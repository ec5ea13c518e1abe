import { useEffect, useRef, type ComponentRef, type RefObject } from 'react';
import { AccessibilityInfo, type View } from 'react-native';

type UseModalFocus = (onDismiss: () => void) => RefObject<ComponentRef<typeof View> | null>;

/** For the view of a dialog: the focus of assistive technology goes into it. Android's Back dismisses it by itself. */
export const useModalFocus: UseModalFocus = () => {
  const view = useRef<ComponentRef<typeof View>>(null);
  useEffect(() => {
    if (view.current) AccessibilityInfo.sendAccessibilityEvent(view.current, 'focus');
  }, []);
  return view;
};
