import { Dialog, Text, useTheme } from 'react-native-paper';

import { CancelOr } from './CancelOr';
import { ModalDialog } from './ModalDialog';

type Props = { visible: boolean; title: string; hint: string; confirm: string; onConfirm: () => void; onDismiss: () => void };

/** Asks before something is lost; it closes with the answer. */
export function ConfirmDialog({ visible, title, hint, confirm, onConfirm, onDismiss }: Props) {
  const { colors } = useTheme();
  return (
    <ModalDialog visible={visible} title={title} onDismiss={onDismiss}>
      <Dialog.Content>
        <Text variant="bodyMedium">{hint}</Text>
      </Dialog.Content>
      <CancelOr
        label={confirm}
        color={colors.error}
        onCancel={onDismiss}
        onPress={() => {
          onDismiss();
          onConfirm();
        }}
      />
    </ModalDialog>
  );
}
