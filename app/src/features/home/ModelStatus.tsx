import { StyleSheet, View } from 'react-native';
import { ActivityIndicator, Icon, Text, useTheme } from 'react-native-paper';

import type { ModelState } from '../../core/model';
import { useMessages } from '../../i18n';

const icons = { ready: 'check-circle-outline', failed: 'alert-circle-outline', closed: 'circle-off-outline', missing: 'package-variant' };

/** One line: whether the model is in memory. */
export function ModelStatus({ state }: { state: ModelState }) {
  const { colors } = useTheme();
  const messages = useMessages();
  const color = state.kind === 'failed' ? colors.error : colors.onSurfaceVariant;
  return (
    <View role="status" aria-live="polite" style={styles.row}>
      {state.kind === 'loading' ? (
        <ActivityIndicator aria-label={messages.model.loading} size={14} color={color} />
      ) : (
        <Icon source={icons[state.kind]} size={16} color={color} />
      )}
      <Text variant="labelMedium" style={{ color }}>
        {messages.model[state.kind]}
      </Text>
    </View>
  );
}

const styles = StyleSheet.create({
  row: { flexDirection: 'row', alignItems: 'center', gap: 6 },
});
