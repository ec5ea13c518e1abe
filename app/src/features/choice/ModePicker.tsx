import { useState } from 'react';
import { StyleSheet } from 'react-native';
import { Button } from 'react-native-paper';

import type { Composition, Mode } from '../../core/contract';
import { useMessages } from '../../i18n';
import { ChoiceDialog } from '../../ui/ChoiceDialog';
import { TOUCH_TARGET } from '../../ui/touchTarget';

import { modeTexts } from './names';

type Props = { composition: Composition; mode: Mode | 'all'; onSelect: (mode: Mode | 'all') => void };

/** A button that opens the choice of method: automatic, one of those that the composition offers, or all of them to compare. */
export function ModePicker({ composition, mode, onSelect }: Props) {
  const messages = useMessages();
  const [open, setOpen] = useState(false);
  const { explained, recommended } = messages.mode;
  const textsOf = (option: Mode | 'all') =>
    option === 'all' ? { name: messages.choice.allOf.mode, explained: explained.all } : modeTexts(option, composition.tasks, messages);
  const nameOf = (option: Mode | 'all') => textsOf(option).name;
  const explain = (option: Mode | 'all') =>
    option === 'auto' ? `${explained.auto} ${recommended(nameOf(composition.recommendedMode))}` : textsOf(option).explained;
  const options = ['auto', ...composition.modes, ...(composition.modes.length > 1 ? (['all'] as const) : [])] as const;
  return (
    <>
      <Button
        mode="text"
        icon="tune-variant"
        accessibilityLabel={messages.mode.button(nameOf(mode))}
        onPress={() => {
          setOpen(true);
        }}
        style={styles.button}
        contentStyle={styles.target}>
        {nameOf(mode)}
      </Button>
      <ChoiceDialog
        visible={open}
        title={messages.mode.label}
        options={options.map(key => ({ key, title: nameOf(key), description: explain(key) }))}
        selected={mode}
        onSelect={onSelect}
        onDismiss={() => {
          setOpen(false);
        }}
      />
    </>
  );
}

const styles = StyleSheet.create({
  button: { flexShrink: 1 },
  target: { minHeight: TOUCH_TARGET },
});
