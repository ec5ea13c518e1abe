import type { ComponentProps } from 'react';
import { View } from 'react-native';
import { Text } from 'react-native-paper';

type Props = Omit<ComponentProps<typeof Text>, 'ref' | 'role' | 'aria-live'>;

/** A text that a screen reader says when it appears: Android's knows live regions of views alone. */
export function AlertText(props: Props) {
  return (
    <View role="alert" aria-live="assertive">
      <Text variant="bodyMedium" {...props} />
    </View>
  );
}
