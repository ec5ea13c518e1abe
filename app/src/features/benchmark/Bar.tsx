import { StyleSheet, View } from 'react-native';
import { Text } from 'react-native-paper';

type Props = {
  name: string;
  /** The value as text. */
  text: string;
  /** Of the longest bar, from 0 to 1. */
  share: number;
  color: string;
};

/** A value in words and drawn. */
export function Bar({ name, text, share, color }: Props) {
  return (
    <View>
      <Text variant="bodySmall">{`${name}: ${text}`}</Text>
      <View testID="bar" style={[styles.bar, { width: `${Math.max(1, share * 100).toFixed(1)}%` as `${number}%`, backgroundColor: color }]} />
    </View>
  );
}

const styles = StyleSheet.create({
  bar: { height: 8, borderRadius: 4 },
});
