import { StyleSheet, View } from 'react-native';
import { Text, useTheme } from 'react-native-paper';

import type { BenchTimes, Task } from '../../core/contract';
import { useDates, useLanguageName, useMessages, useNumbers } from '../../i18n';
import { tasksName } from '../choice/names';

import { Bar } from './Bar';
import type { KeptReport } from './benchmark';

/** One report: the ratio, the times of each pair as bars, and the rest in numbers. */
export function ReportCard({ kept: { at, baseName, report, heat }, tasks }: { kept: KeptReport; tasks: readonly Task[] }) {
  const messages = useMessages();
  const { benchmark, statistics } = messages;
  const number = useNumbers();
  const dates = useDates();
  const languageName = useLanguageName();
  const { colors } = useTheme();
  const { pairs, ratio, faster, prefillTokensPerSecond, decodeTokensPerSecond } = report;
  const longest = Math.max(1, ...pairs.flatMap(({ onePass, twoStep }) => [total(onePass), total(twoStep)]));
  const seconds = (milliseconds: number) => statistics.seconds(number(milliseconds / 1000, 1));
  const facts: [string, string][] = [
    [benchmark.load, seconds(report.loadMs)],
    [benchmark.compose, seconds(report.composeMs)],
    ...(prefillTokensPerSecond === undefined ? [] : [[benchmark.prefill, statistics.speed(number(prefillTokensPerSecond))] satisfies [string, string]]),
    ...(decodeTokensPerSecond === undefined ? [] : [[benchmark.decode, statistics.speed(number(decodeTokensPerSecond))] satisfies [string, string]]),
    ...(report.peakRssBytes > 0 ? [[benchmark.memory, statistics.memory(number(report.peakRssBytes / 2 ** 20))] satisfies [string, string]] : []),
    ...(heat?.before.status && heat.after.status
      ? [[benchmark.heat, benchmark.heatChange(benchmark.heatOf[heat.before.status], benchmark.heatOf[heat.after.status])] satisfies [string, string]]
      : []),
  ];
  return (
    <View style={[styles.card, { backgroundColor: colors.elevation.level1 }]}>
      <Text variant="titleMedium" role="heading" aria-level={2}>
        {tasksName(report.tasks, tasks, messages, languageName)}
      </Text>
      <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
        {`${dates.moment(at)} · ${baseName} · ${messages.mode.name[report.mode]}`}
      </Text>
      {ratio !== undefined && (
        <Text variant="titleSmall" style={{ color: colors.primary }}>
          {`${benchmark.ratio(number(ratio, 2))} · ${benchmark.faster(number(faster), number(pairs.length))}`}
        </Text>
      )}
      {report.cancelled && <Text variant="labelMedium">{benchmark.cancelled}</Text>}
      {pairs.map(({ input, onePass, twoStep }) => (
        <View key={input} style={styles.pair}>
          <Bar name={benchmark.onePass} text={seconds(total(onePass))} share={total(onePass) / longest} color={colors.primary} />
          <Bar name={benchmark.twoStep} text={seconds(total(twoStep))} share={total(twoStep) / longest} color={colors.outline} />
        </View>
      ))}
      {facts.map(([name, value]) => (
        <View key={name} style={styles.fact}>
          <Text variant="bodyMedium">{name}</Text>
          <Text variant="bodyMedium">{value}</Text>
        </View>
      ))}
    </View>
  );
}

function total({ prefillMs, decodeMs }: BenchTimes): number {
  return prefillMs + decodeMs;
}

const styles = StyleSheet.create({
  card: { borderRadius: 16, padding: 16, gap: 8 },
  pair: { gap: 4, marginVertical: 4 },
  fact: { flexDirection: 'row', flexWrap: 'wrap', justifyContent: 'space-between', gap: 8 },
});
