import { Text, useTheme } from 'react-native-paper';

import type { Statistics } from '../../core/contract';
import { useMessages, useNumbers, type Messages } from '../../i18n';

/** What the run took and what it left out, as one line of parts. */
export function statisticsParts(statistics: Statistics, messages: Messages, number: (value: number, digits?: number) => string): string[] {
  const { mode, promptTokens, generatedTokens, prefillMs, decodeMs, leftOutMessages, inputTruncated } = statistics;
  const seconds = (milliseconds: number) => number(milliseconds / 1000, 1);
  const parts = [
    messages.mode.name[mode],
    messages.statistics.tokens(number(promptTokens), number(generatedTokens)),
    messages.statistics.times(seconds(prefillMs), seconds(decodeMs)),
  ];
  if (decodeMs > 0) parts.push(messages.statistics.speed(number(generatedTokens / (decodeMs / 1000))));
  if (leftOutMessages > 0) parts.push(messages.statistics.leftOut(number(leftOutMessages), leftOutMessages === 1));
  if (inputTruncated) parts.push(messages.statistics.truncated);
  return parts;
}

export function StatisticsLine({ statistics }: { statistics: Statistics }) {
  const messages = useMessages();
  const number = useNumbers();
  const { colors } = useTheme();
  return (
    <Text variant="bodySmall" aria-label={messages.statistics.label} testID="statistics" style={{ color: colors.onSurfaceVariant }}>
      {statisticsParts(statistics, messages, number).join(' · ')}
    </Text>
  );
}
