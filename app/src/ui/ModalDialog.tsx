import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { Dialog, Modal, Portal, useTheme } from 'react-native-paper';

import { useMessages } from '../i18n';

import { useOpenDialog } from './openDialogs';
import { useModalFocus } from './useModalFocus';

type Props = {
  visible?: boolean;
  title: string;
  onDismiss: () => void;
  /** Whether a tap beside it, or Back, dismisses it; not where something could be lost. */
  dismissable?: boolean;
  children: ReactNode;
};

/** A dialog in front of the screen: with a title, the parts of Paper's Dialog as children, and the focus until it is dismissed. */
export function ModalDialog({ visible = true, title, onDismiss, dismissable = true, children }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  useOpenDialog(visible);
  return (
    <Portal>
      <Modal
        visible={visible}
        onDismiss={onDismiss}
        dismissable={dismissable}
        overlayAccessibilityLabel={messages.app.dismiss(title)}
        contentContainerStyle={[styles.dialog, { backgroundColor: colors.elevation.level3 }]}>
        <Focused title={title} onDismiss={onDismiss}>
          <Dialog.Title>{title}</Dialog.Title>
          {children}
        </Focused>
      </Modal>
    </Portal>
  );
}

/** There as long as the dialog is seen. */
function Focused({ title, onDismiss, children }: Pick<Props, 'title' | 'onDismiss' | 'children'>) {
  const view = useModalFocus(onDismiss);
  return (
    <View ref={view} role="dialog" aria-modal aria-label={title} tabIndex={-1} style={styles.content}>
      {children}
    </View>
  );
}

const styles = StyleSheet.create({
  dialog: { maxHeight: '85%', width: '92%', maxWidth: 560, alignSelf: 'center', borderRadius: 28 },
  content: { flexShrink: 1, paddingTop: 8 },
});
