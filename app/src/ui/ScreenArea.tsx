import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { useTheme } from 'react-native-paper';
import { SafeAreaInsetsContext, useSafeAreaInsets } from 'react-native-safe-area-context';

import { openDialogs } from './openDialogs';
import { useStore } from './useStore';

/** Where the screens are: between what the system draws at the sides, and out of TalkBack's reach behind a dialog, as one of Paper's is no window. */
export function ScreenArea({ children }: { children: ReactNode }) {
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const behind = useStore(openDialogs) > 0;
  return (
    <View
      importantForAccessibility={behind ? 'no-hide-descendants' : 'auto'}
      style={[styles.area, { backgroundColor: colors.background, paddingLeft: insets.left, paddingRight: insets.right }]}>
      <SafeAreaInsetsContext.Provider value={{ ...insets, left: 0, right: 0 }}>{children}</SafeAreaInsetsContext.Provider>
    </View>
  );
}

const styles = StyleSheet.create({
  area: { flex: 1 },
});
