import { useState } from 'react';
import { ScrollView, StyleSheet } from 'react-native';
import { Button, Dialog, List, Portal } from 'react-native-paper';

import type { Composition, Mode } from '../../core/contract';
import { useMessages } from '../../i18n';
import { TOUCH_TARGET } from '../../ui/touchTarget';

type Props = { composition: Composition; mode: Mode; onSelect: (mode: Mode) => void };

/** A button that opens the choice of method: automatic, or one of those that the composition offers. */
export function ModePicker({ composition, mode, onSelect }: Props) {
  const messages = useMessages();
  const [open, setOpen] = useState(false);
  const { name, explained, recommended } = messages.mode;
  const close = () => {
    setOpen(false);
  };
  const explain = (option: Mode) => (option === 'auto' ? `${explained.auto} ${recommended(name[composition.recommendedMode])}` : explained[option]);
  return (
    <>
      <Button
        mode="text"
        icon="tune-variant"
        accessibilityLabel={messages.mode.button(name[mode])}
        onPress={() => {
          setOpen(true);
        }}
        contentStyle={styles.target}>
        {name[mode]}
      </Button>
      <Portal>
        <Dialog visible={open} onDismiss={close} style={styles.dialog}>
          <Dialog.Title>{messages.mode.label}</Dialog.Title>
          <Dialog.ScrollArea style={styles.area}>
            <ScrollView role="radiogroup" aria-label={messages.mode.label}>
              {(['auto', ...composition.modes] as const).map(option => (
                <List.Item
                  key={option}
                  title={name[option]}
                  description={explain(option)}
                  descriptionNumberOfLines={4}
                  accessibilityRole="radio"
                  aria-checked={option === mode}
                  left={props => <List.Icon {...props} icon={option === mode ? 'radiobox-marked' : 'radiobox-blank'} />}
                  onPress={() => {
                    onSelect(option);
                    close();
                  }}
                  style={styles.option}
                />
              ))}
            </ScrollView>
          </Dialog.ScrollArea>
          <Dialog.Actions>
            <Button onPress={close} contentStyle={styles.target}>
              {messages.mode.close}
            </Button>
          </Dialog.Actions>
        </Dialog>
      </Portal>
    </>
  );
}

const styles = StyleSheet.create({
  dialog: { maxHeight: '85%', width: '92%', maxWidth: 560, alignSelf: 'center' },
  area: { paddingHorizontal: 0 },
  option: { minHeight: TOUCH_TARGET, paddingHorizontal: 12 },
  target: { minHeight: TOUCH_TARGET },
});
