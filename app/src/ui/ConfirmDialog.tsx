import { StyleSheet } from 'react-native';
import { Button, Dialog, Text, useTheme } from 'react-native-paper';

import { useMessages } from '../i18n';

import { ModalDialog } from './ModalDialog';
import { TOUCH_TARGET } from './touchTarget';

type Props = { visible: boolean; title: string; hint: string; confirm: string; onConfirm: () => void; onDismiss: () => void };

/** Asks before something is lost; it closes with the answer. */
export function ConfirmDialog({ visible, title, hint, confirm, onConfirm, onDismiss }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  return (
    <ModalDialog visible={visible} title={title} onDismiss={onDismiss}>
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
    </ModalDialog>
  );
}

const styles = StyleSheet.create({
  target: { minHeight: TOUCH_TARGET },
});
