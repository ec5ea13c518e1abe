import { useState } from 'react';
import { StyleSheet } from 'react-native';
import { Dialog, TextInput } from 'react-native-paper';

import { useMessages } from '../../i18n';
import { CancelOr } from '../../ui/CancelOr';
import { ModalDialog } from '../../ui/ModalDialog';

type Props = { text: string; onSave: (text: string) => void; onDismiss: () => void };

/** Lets the user change an answer. */
export function EditDialog({ text, onSave, onDismiss }: Props) {
  const messages = useMessages();
  const [edited, setEdited] = useState(text);
  return (
    <ModalDialog title={messages.answer.edit} onDismiss={onDismiss} dismissable={false}>
      <Dialog.Content>
        <TextInput mode="outlined" multiline autoFocus value={edited} onChangeText={setEdited} aria-label={messages.answer.edit} style={styles.input} />
      </Dialog.Content>
      <CancelOr
        label={messages.answer.save}
        onCancel={onDismiss}
        onPress={() => {
          onSave(edited.trim());
        }}
      />
    </ModalDialog>
  );
}

const styles = StyleSheet.create({
  input: { minHeight: 120, maxHeight: 320 },
});
