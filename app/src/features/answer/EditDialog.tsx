import { useState } from 'react';
import { StyleSheet } from 'react-native';
import { Button, Dialog, TextInput } from 'react-native-paper';

import { useMessages } from '../../i18n';
import { ModalDialog } from '../../ui/ModalDialog';
import { TOUCH_TARGET } from '../../ui/touchTarget';

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
      <Dialog.Actions>
        <Button onPress={onDismiss} contentStyle={styles.target}>
          {messages.app.cancel}
        </Button>
        <Button
          onPress={() => {
            onSave(edited.trim());
          }}
          contentStyle={styles.target}>
          {messages.answer.save}
        </Button>
      </Dialog.Actions>
    </ModalDialog>
  );
}

const styles = StyleSheet.create({
  input: { minHeight: 120, maxHeight: 320 },
  target: { minHeight: TOUCH_TARGET },
});
