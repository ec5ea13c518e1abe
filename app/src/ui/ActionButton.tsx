import { StyleSheet } from 'react-native';
import { IconButton, useTheme } from 'react-native-paper';

import { TOUCH_TARGET } from './touchTarget';

type Props = { icon: string; label: string; onPress: () => void; disabled?: boolean; selected?: boolean };

/** A small action shown by its icon alone; the label is what is read out. */
export function ActionButton({ icon, label, onPress, disabled = false, selected }: Props) {
  const { colors } = useTheme();
  return (
    <IconButton
      icon={icon}
      accessibilityLabel={label}
      {...(selected !== undefined && { 'aria-expanded': selected })}
      iconColor={selected === true ? colors.primary : colors.onSurfaceVariant}
      disabled={disabled}
      onPress={onPress}
      style={styles.button}
    />
  );
}

const styles = StyleSheet.create({
  button: { width: TOUCH_TARGET, height: TOUCH_TARGET, margin: 0 },
});
