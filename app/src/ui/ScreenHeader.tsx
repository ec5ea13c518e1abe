import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { Appbar, Text } from 'react-native-paper';

import { useMessages } from '../i18n';

import { TOUCH_TARGET } from './touchTarget';

type Props = {
  title: string;
  /** Absent on the first screen. */ onBack?: () => void;
  /** Below the title. */ status?: ReactNode;
  /** Actions, at the end. */ children?: ReactNode;
};

/** The bar at the top of a screen. */
export function ScreenHeader({ title, onBack, status, children }: Props) {
  const messages = useMessages();
  return (
    <Appbar.Header mode="small" elevated style={styles.header}>
      {onBack && <HeaderAction icon="arrow-left" label={messages.app.back} onPress={onBack} />}
      <View style={styles.titles}>
        <Text variant="titleLarge" role="heading" aria-level={1} numberOfLines={2}>
          {title}
        </Text>
        {status}
      </View>
      {children}
    </Appbar.Header>
  );
}

export function HeaderAction({ icon, label, onPress, disabled = false }: { icon: string; label: string; onPress: () => void; disabled?: boolean }) {
  return <Appbar.Action icon={icon} accessibilityLabel={label} disabled={disabled} onPress={onPress} style={styles.action} />;
}

const styles = StyleSheet.create({
  // Paper's is of one height, in which large letters are cut.
  header: { height: 'auto', minHeight: 64 },
  titles: { flex: 1, paddingHorizontal: 12 },
  action: { width: TOUCH_TARGET, height: TOUCH_TARGET, margin: 0 },
});
