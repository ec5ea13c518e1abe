import { StyleSheet, View } from 'react-native';
import { Button, Icon, Text, useTheme } from 'react-native-paper';

import type { CoreError } from '../core/errors';
import { useMessages } from '../i18n';

import { adviceOf, ownAdviceOf } from './errorText';
import { TOUCH_TARGET } from './touchTarget';

type Props = { error: CoreError; onRetry: () => void };

/** What went wrong, what to do about it, and the core's own words for a report of what the advice does not name. */
export function ErrorCard({ error, onRetry }: Props) {
  const { colors } = useTheme();
  const messages = useMessages();
  const text = { color: colors.onErrorContainer };
  return (
    <View role="alert" aria-live="assertive" style={[styles.card, { backgroundColor: colors.errorContainer }]}>
      <View style={styles.title}>
        <Icon source="alert-circle-outline" size={24} color={colors.onErrorContainer} />
        <Text variant="titleMedium" style={[styles.titleText, text]}>
          {messages.error.title[error.source]}
        </Text>
      </View>
      <Text variant="bodyMedium" style={text}>
        {adviceOf(error, messages)}
      </Text>
      {ownAdviceOf(error, messages) === undefined && (
        <Text variant="bodySmall" selectable style={text}>
          {error.message}
        </Text>
      )}
      {error.file !== undefined && (
        <Text variant="bodySmall" selectable style={text}>
          {messages.error.file(error.file)}
        </Text>
      )}
      <Button mode="text" icon="refresh" textColor={colors.onErrorContainer} onPress={onRetry} style={styles.retry} contentStyle={styles.target}>
        {messages.model.retry}
      </Button>
    </View>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: 16, padding: 16, paddingBottom: 4, gap: 8 },
  title: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  titleText: { flex: 1 },
  retry: { alignSelf: 'flex-end' },
  target: { minHeight: TOUCH_TARGET },
});
