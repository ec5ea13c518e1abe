import { StyleSheet } from 'react-native';
import { Icon, Text, TouchableRipple, useTheme } from 'react-native-paper';

import { TOUCH_TARGET } from './touchTarget';

type Props = { label: string; selected: boolean; onPress: () => void };

/** One of several choices side by side; exactly one is selected. */
export function Choice({ label, selected, onPress }: Props) {
  const { colors } = useTheme();
  const [background, foreground, border] = selected
    ? [colors.primaryContainer, colors.onPrimaryContainer, colors.primaryContainer]
    : ['transparent', colors.onSurfaceVariant, colors.outline];
  return (
    <TouchableRipple
      accessibilityRole="radio"
      accessibilityState={{ checked: selected }}
      aria-checked={selected}
      accessibilityLabel={label}
      borderless
      onPress={onPress}
      style={[styles.choice, { backgroundColor: background, borderColor: border }]}>
      <>
        {selected && <Icon source="check" size={18} color={foreground} />}
        <Text variant="labelLarge" style={{ color: foreground }}>
          {label}
        </Text>
      </>
    </TouchableRipple>
  );
}

const styles = StyleSheet.create({
  choice: {
    minHeight: TOUCH_TARGET,
    minWidth: TOUCH_TARGET,
    paddingHorizontal: 16,
    borderRadius: TOUCH_TARGET / 2,
    borderWidth: 1,
    flexDirection: 'row',
    alignItems: 'center',
    justifyContent: 'center',
    gap: 6,
  },
});
