import type { ReactNode } from 'react';
import { FlatList, StyleSheet } from 'react-native';
import { Button, Dialog, List } from 'react-native-paper';

import { useMessages } from '../i18n';

import { ALL_LINES } from './lines';
import { ModalDialog } from './ModalDialog';
import { TOUCH_TARGET } from './touchTarget';

export type DialogOption<Key> = { key: Key; title: string; description?: string };

type Props<Key> = {
  visible: boolean;
  title: string;
  options: readonly DialogOption<Key>[];
  selected: Key | undefined;
  onSelect: (key: Key) => void;
  onDismiss: () => void;
  /** Above the options. */
  children?: ReactNode;
};

/** Asks for one of several options, which may be many; a tap on one is the answer. */
export function ChoiceDialog<Key extends string | number>({ visible, title, options, selected, onSelect, onDismiss, children }: Props<Key>) {
  const messages = useMessages();
  return (
    <ModalDialog visible={visible} title={title} onDismiss={onDismiss}>
      {children}
      <Dialog.ScrollArea style={styles.area}>
        <FlatList
          data={options}
          keyExtractor={({ key }) => String(key)}
          role="radiogroup"
          aria-label={title}
          renderItem={({ item }) => (
            <List.Item
              title={item.title}
              titleNumberOfLines={ALL_LINES}
              description={item.description}
              descriptionNumberOfLines={ALL_LINES}
              accessibilityRole="radio"
              aria-checked={item.key === selected}
              left={props => <List.Icon {...props} icon={item.key === selected ? 'radiobox-marked' : 'radiobox-blank'} />}
              onPress={() => {
                onSelect(item.key);
                onDismiss();
              }}
              style={styles.option}
            />
          )}
        />
      </Dialog.ScrollArea>
      <Dialog.Actions>
        <Button onPress={onDismiss} contentStyle={styles.target}>
          {messages.app.close}
        </Button>
      </Dialog.Actions>
    </ModalDialog>
  );
}

const styles = StyleSheet.create({
  area: { paddingHorizontal: 0 },
  option: { minHeight: TOUCH_TARGET, paddingHorizontal: 12 },
  target: { minHeight: TOUCH_TARGET },
});
