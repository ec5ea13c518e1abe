import { useState } from 'react';
import { StyleSheet, View } from 'react-native';
import { Button, Icon, Text, useTheme } from 'react-native-paper';

import { useMessages } from '../../i18n';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';

import type { Unreadable } from './unreadable';

/** Why nothing of the history is listed, and a new one at the user's word. */
export function UnreadableCard({ unreadable }: { unreadable: Unreadable }) {
  const messages = useMessages();
  const { colors } = useTheme();
  const { lost, busy } = useStore(unreadable.state);
  const [asking, setAsking] = useState(false);
  const texts = messages.history.unreadable;
  const text = { color: colors.onErrorContainer };
  return (
    <View role="alert" style={[styles.card, { backgroundColor: colors.errorContainer }]}>
      <View style={styles.title}>
        <Icon source="alert-circle-outline" size={24} color={colors.onErrorContainer} />
        <Text variant="titleMedium" style={[styles.titleText, text]}>
          {lost ? texts.lost : texts.closed}
        </Text>
      </View>
      <Text variant="bodyMedium" style={text}>
        {lost ? texts.lostHint : texts.closedHint}
      </Text>
      <View style={styles.actions}>
        {!lost && (
          <Button
            mode="text"
            icon="refresh"
            disabled={busy}
            textColor={colors.onErrorContainer}
            onPress={() => void unreadable.retry()}
            contentStyle={styles.target}>
            {messages.model.retry}
          </Button>
        )}
        <Button
          mode="text"
          icon="delete-outline"
          disabled={busy}
          textColor={colors.onErrorContainer}
          onPress={() => {
            setAsking(true);
          }}
          contentStyle={styles.target}>
          {texts.startNew}
        </Button>
      </View>
      <ConfirmDialog
        visible={asking}
        title={texts.startNewAsk}
        hint={texts.startNewHint}
        confirm={texts.startNewSure}
        onConfirm={() => void unreadable.startNew()}
        onDismiss={() => {
          setAsking(false);
        }}
      />
    </View>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: 16, margin: 16, marginTop: 8, padding: 16, paddingBottom: 4, gap: 8 },
  title: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  titleText: { flex: 1 },
  actions: { flexDirection: 'row', flexWrap: 'wrap', justifyContent: 'flex-end' },
  target: { minHeight: TOUCH_TARGET },
});
