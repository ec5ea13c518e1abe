import { StyleSheet, View } from 'react-native';
import { Text, useTheme } from 'react-native-paper';

import type { Task } from '../../core/contract';
import { useDates, useLanguageName, useMessages, useNumbers } from '../../i18n';
import { tasksName } from '../choice/names';

import { Bar } from './Bar';
import type { KeptReport } from './benchmark';

/** All kept reports beside each other in what can be compared whatever was measured: the speeds, and one pass against two steps. */
export function ComparisonCard({ kept, tasks }: { kept: readonly KeptReport[]; tasks: readonly Task[] }) {
  const messages = useMessages();
  const { benchmark, statistics } = messages;
  const number = useNumbers();
  const dates = useDates();
  const languageName = useLanguageName();
  const { colors } = useTheme();
  const speeds = [
    { name: benchmark.prefill, of: ({ report }: KeptReport) => report.prefillTokensPerSecond, color: colors.outline },
    { name: benchmark.decode, of: ({ report }: KeptReport) => report.decodeTokensPerSecond, color: colors.primary },
  ].map(speed => ({ ...speed, highest: Math.max(1, ...kept.map(each => speed.of(each) ?? 0)) }));
  return (
    <View style={[styles.card, { backgroundColor: colors.elevation.level1 }]}>
      <Text variant="titleMedium" role="heading" aria-level={2}>
        {benchmark.comparison}
      </Text>
      {kept.map(each => (
        <View key={each.at} style={styles.report}>
          <Text variant="labelLarge">{tasksName(each.report.tasks, tasks, messages, languageName)}</Text>
          <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
            {`${dates.moment(each.at)} · ${each.baseName}`}
          </Text>
          {speeds.map(({ name, of, color, highest }) => {
            const speed = of(each);
            return speed === undefined ? null : <Bar key={name} name={name} text={statistics.speed(number(speed))} share={speed / highest} color={color} />;
          })}
          {each.report.ratio !== undefined && <Text variant="bodySmall">{benchmark.ratio(number(each.report.ratio, 2))}</Text>}
        </View>
      ))}
    </View>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: 16, padding: 16, gap: 12 },
  report: { gap: 4 },
});
