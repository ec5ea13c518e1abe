import { useState } from 'react';
import { StyleSheet } from 'react-native';
import { Icon, List, useTheme } from 'react-native-paper';

import { ChoiceDialog, type DialogOption } from '../../ui/ChoiceDialog';
import { ALL_LINES } from '../../ui/lines';
import { TOUCH_TARGET } from '../../ui/touchTarget';

type ChoiceProps<Key> = { title: string; icon: string; hint?: string; options: DialogOption<Key>[]; selected: Key; onSelect: (key: Key) => void };

/** A setting of several values: shows the present one, a tap asks for another. */
export function ChoiceSetting<Key extends string | number>({ title, icon, hint, options, selected, onSelect }: ChoiceProps<Key>) {
  const [open, setOpen] = useState(false);
  const value = options.find(({ key }) => key === selected)?.title ?? String(selected);
  return (
    <>
      <List.Item
        title={title}
        titleNumberOfLines={ALL_LINES}
        description={hint === undefined ? value : `${value}\n${hint}`}
        descriptionNumberOfLines={ALL_LINES}
        left={props => <List.Icon {...props} icon={icon} />}
        accessibilityRole="button"
        onPress={() => {
          setOpen(true);
        }}
        style={styles.row}
      />
      <ChoiceDialog
        visible={open}
        title={title}
        options={options}
        selected={selected}
        onSelect={onSelect}
        onDismiss={() => {
          setOpen(false);
        }}
      />
    </>
  );
}

type SwitchProps = { title: string; icon: string; hint: string; value: boolean; disabled?: boolean; onChange: (value: boolean) => void };

/** A setting that is on or off; the whole row is the switch. */
export function SwitchSetting({ title, icon, hint, value, disabled = false, onChange }: SwitchProps) {
  const { colors } = useTheme();
  return (
    <List.Item
      title={title}
      titleNumberOfLines={ALL_LINES}
      description={hint}
      descriptionNumberOfLines={ALL_LINES}
      disabled={disabled}
      left={props => <List.Icon {...props} icon={icon} />}
      // Only drawn: a control inside a control confuses assistive technology.
      right={() => (
        <Icon source={value ? 'toggle-switch' : 'toggle-switch-off-outline'} size={44} color={disabled ? colors.onSurfaceDisabled : colors.primary} />
      )}
      accessibilityRole="switch"
      accessibilityState={{ checked: value, disabled }}
      aria-checked={value}
      onPress={() => {
        onChange(!value);
      }}
      style={styles.row}
    />
  );
}

const styles = StyleSheet.create({
  row: { minHeight: TOUCH_TARGET, paddingHorizontal: 8 },
});
