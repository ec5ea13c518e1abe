import { StyleSheet } from 'react-native';
import { Button, Dialog } from 'react-native-paper';

import { useMessages } from '../i18n';

import { TOUCH_TARGET } from './touchTarget';

type Props = { label: string; color?: string; onCancel: () => void; onPress: () => void };

/** The buttons of a dialog that is cancelled or answered in one way. */
export function CancelOr({ label, color, onCancel, onPress }: Props) {
  const messages = useMessages();
  return (
    <Dialog.Actions>
      <Button onPress={onCancel} contentStyle={styles.target}>
        {messages.app.cancel}
      </Button>
      <Button {...(color !== undefined && { textColor: color })} onPress={onPress} contentStyle={styles.target}>
        {label}
      </Button>
    </Dialog.Actions>
  );
}

const styles = StyleSheet.create({
  target: { minHeight: TOUCH_TARGET },
});
