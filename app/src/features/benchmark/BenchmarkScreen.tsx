import { useEffect } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { Button, ProgressBar, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { BundleInfo } from '../../core/contract';
import type { Device } from '../../core/device';
import { useMessages, useNumbers } from '../../i18n';
import { ErrorCard } from '../../ui/ErrorCard';
import { HeaderAction, ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { chosenOutput, firstChoice, type Choice } from '../choice/choice';
import { outputsOf, type Output } from '../choice/outputs';
import { fromSample, type Sample } from '../conversation/conversation';

import type { Benchmark } from './benchmark';
import { ComparisonCard } from './ComparisonCard';
import { ReportCard } from './ReportCard';

/** How often each pair runs. */
const RUNS = 1;

type Props = {
  benchmark: Benchmark;
  bundle: BundleInfo | undefined;
  choice: Choice | null;
  samples: Sample[];
  saveFile: Device['saveFile'];
  onBack: () => void;
};

/** Measures one pass against two steps on this device, for what is chosen on the first screen. */
export function BenchmarkScreen({ benchmark, bundle, choice, samples, saveFile, onBack }: Props) {
  const messages = useMessages();
  const texts = messages.benchmark;
  const number = useNumbers();
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const { running, error, kept } = useStore(benchmark.state);

  useEffect(() => {
    void benchmark.open();
  }, [benchmark]);

  const output = bundle && measuredOutput(outputsOf(bundle), choice);
  const start = () => {
    if (!output) return;
    const into = output.extras.map(({ id }) => id);
    void benchmark.start({ inputs: samples.map(sample => fromSample(sample).input), mainTask: output.mainTask, into, runs: RUNS });
  };
  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={texts.title} onBack={onBack}>
        {saveFile && (
          <HeaderAction icon="export-variant" label={texts.exportCsv} disabled={kept.length === 0} onPress={() => void benchmark.exportCsv(saveFile)} />
        )}
        <HeaderAction
          icon="delete-sweep-outline"
          label={texts.clear}
          disabled={kept.length === 0 || running !== undefined}
          onPress={() => void benchmark.removeAll()}
        />
      </ScreenHeader>
      <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} tabIndex={0}>
        <Text variant="bodyMedium">{texts.explain}</Text>
        {bundle && !output && (
          <Text role="alert" variant="bodyMedium">
            {texts.nothing}
          </Text>
        )}
        {error && <ErrorCard error={error} onRetry={start} />}
        {running ? (
          <View role="status" aria-live="polite" style={styles.running}>
            <Text variant="bodyMedium">{running.total > 0 ? texts.progress(number(running.done), number(running.total)) : texts.preparing}</Text>
            <ProgressBar indeterminate={running.total === 0} progress={running.total > 0 ? running.done / running.total : 0} aria-label={texts.title} />
            <Button
              mode="contained-tonal"
              icon="stop"
              onPress={() => {
                benchmark.stop();
              }}
              contentStyle={styles.target}>
              {texts.stop}
            </Button>
          </View>
        ) : (
          <Button mode="contained" icon="speedometer" disabled={!output} onPress={start} contentStyle={styles.target}>
            {texts.start}
          </Button>
        )}
        {kept.length > 1 && <ComparisonCard kept={kept} tasks={bundle?.tasks ?? []} />}
        {kept.map(each => (
          <ReportCard key={each.at} kept={each} tasks={bundle?.tasks ?? []} />
        ))}
      </ScrollView>
    </View>
  );
}

/** What is chosen, where that is more than one task; else the first that is. */
function measuredOutput(outputs: Output[], choice: Choice | null): Output | undefined {
  const chosen = chosenOutput(outputs, choice ?? firstChoice(outputs));
  const isMeasured = (output: Output) => output.extras.length > 0 && output.composition.modes.includes('two-step');
  return chosen && isMeasured(chosen) ? chosen : outputs.find(isMeasured);
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: 16, gap: 16, width: '100%', maxWidth: 720, alignSelf: 'center' },
  running: { gap: 12 },
  target: { minHeight: TOUCH_TARGET },
});
