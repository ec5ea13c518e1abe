import type { ComponentProps } from 'react';
import { StyleSheet } from 'react-native';
import { Text } from 'react-native-paper';

/** What people or the model have written: it begins on the side of its own script, whatever the interface's is. */
export function WrittenText({ style, ...props }: ComponentProps<typeof Text>) {
  return <Text {...props} style={[style, styles.text]} />;
}

const styles = StyleSheet.create({
  text: { writingDirection: 'auto', textAlign: 'auto' },
});
