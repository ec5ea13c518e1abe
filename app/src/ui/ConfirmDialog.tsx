import { StyleSheet } from 'react-native';
import { Button, Dialog, Portal, Text, useTheme } from 'react-native-paper';

import { useMessages } from '../i18n';

import { TOUCH_TARGET } from './touchTarget';

type Props = { visible: boolean; title: string; hint: string; confirm: string; onConfirm: () => void; onDismiss: () => void };

/** Asks before something is lost; it closes with the answer. */
export function ConfirmDialog({ visible, title, hint, confirm, onConfirm, onDismiss }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  return (
    <Portal>
      <Dialog visible={visible} onDismiss={onDismiss} style={styles.dialog}>
        <Dialog.Title>{title}</Dialog.Title>
        <Dialog.Content>
          <Text variant="bodyMedium">{hint}</Text>
        </Dialog.Content>
        <Dialog.Actions>
          <Button onPress={onDismiss} contentStyle={styles.target}>
            {messages.app.cancel}
          </Button>
          <Button
            textColor={colors.error}
            onPress={() => {
              onDismiss();
              onConfirm();
            }}
            contentStyle={styles.target}>
            {confirm}
          </Button>
        </Dialog.Actions>
      </Dialog>
    </Portal>
  );
}

const styles = StyleSheet.create({
  dialog: { width: '92%', maxWidth: 420, alignSelf: 'center' },
  target: { minHeight: TOUCH_TARGET },
});
