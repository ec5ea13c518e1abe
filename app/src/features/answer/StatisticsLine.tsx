import { Text, useTheme } from 'react-native-paper';

import type { Statistics } from '../../core/contract';
import { useMessages, useNumbers, type Messages } from '../../i18n';
import { modeTexts } from '../choice/names';

type NumberText = (value: number, digits?: number) => string;

/** What the run of these tasks took, as parts of one line: the method and the time, with `details` everything. */
function statisticsParts(statistics: Statistics, tasks: readonly string[], details: boolean, messages: Messages, number: NumberText): string[] {
  const { mode, promptTokens, generatedTokens, composeMs, prefillMs, decodeMs, peakRssBytes } = statistics;
  const seconds = (milliseconds: number) => number(milliseconds / 1000, 1);
  const parts = [modeTexts(mode, tasks, messages).name, messages.statistics.seconds(seconds(composeMs + prefillMs + decodeMs))];
  if (!details) return parts;
  parts.push(messages.statistics.tokens(number(promptTokens), number(generatedTokens)), messages.statistics.times(seconds(prefillMs), seconds(decodeMs)));
  if (decodeMs > 0) parts.push(messages.statistics.speed(number(generatedTokens / (decodeMs / 1000))));
  if (peakRssBytes > 0) parts.push(messages.statistics.memory(number(peakRssBytes / 2 ** 20)));
  return parts;
}

export function StatisticsLine({ statistics, tasks, details }: { statistics: Statistics; tasks: readonly string[]; details: boolean }) {
  const messages = useMessages();
  const number = useNumbers();
  const { colors } = useTheme();
  return (
    <Text variant="bodySmall" aria-label={messages.statistics.label} testID="statistics" style={{ color: colors.onSurfaceVariant }}>
      {statisticsParts(statistics, tasks, details, messages, number).join(' · ')}
    </Text>
  );
}
