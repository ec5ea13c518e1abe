import { useEffect, useState } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { Button, ProgressBar, Text, useTheme } from 'react-native-paper';

import type { FinishReason } from '../../core/contract';
import { useMessages, useNumbers, type Messages } from '../../i18n';
import { copyText } from '../../ui/copyText';
import { ErrorCard } from '../../ui/ErrorCard';
import { TOUCH_TARGET } from '../../ui/touchTarget';

import { StatisticsLine } from './StatisticsLine';
import type { SummaryState } from './summary';

type Props = { state: SummaryState; outputName: string; onAgain: () => void };

/** The summary as it is written, and what can be done with it. Nothing while there is none. */
export function ResultCard({ state, outputName, onAgain }: Props) {
  const { colors } = useTheme();
  const messages = useMessages();
  const number = useNumbers();
  if (state.kind === 'idle') return null;
  if (state.kind === 'failed') return <ErrorCard error={state.error} onRetry={onAgain} />;
  return (
    <View style={[styles.card, { backgroundColor: colors.surface }]}>
      <View style={styles.header}>
        <Text variant="titleSmall" role="heading" style={[styles.title, { color: colors.primary }]}>
          {messages.summary.title(outputName)}
        </Text>
        {state.kind === 'running' && state.steps > 1 && <Text variant="labelMedium">{messages.summary.step(number(state.step + 1), number(state.steps))}</Text>}
      </View>
      <ScrollView style={styles.scroll} tabIndex={0}>
        <Text variant="bodyLarge" selectable testID="summary" aria-live="polite" style={{ color: colors.onSurface }}>
          {shownText(state, messages)}
        </Text>
      </ScrollView>
      {state.kind === 'finished' ? (
        <>
          <Note reason={state.answer.statistics.finishReason} />
          <StatisticsLine statistics={state.answer.statistics} />
          <View style={styles.actions}>
            <Button mode="text" icon="refresh" onPress={onAgain} contentStyle={styles.target}>
              {messages.summary.again}
            </Button>
            <CopyButton key={state.answer.text} text={state.answer.text} />
          </View>
        </>
      ) : (
        <ProgressBar indeterminate style={styles.progress} />
      )}
    </View>
  );
}

function shownText(state: Exclude<SummaryState, { kind: 'idle' | 'failed' }>, messages: Messages): string {
  switch (state.kind) {
    case 'queued':
      return messages.summary.queued;
    case 'running':
      return state.text === '' ? messages.summary.reading : state.text;
    case 'finished':
      return state.answer.text === '' ? messages.summary.empty : state.answer.text;
  }
}

function Note({ reason }: { reason: FinishReason }) {
  const { stopped, cut } = useMessages().summary;
  if (reason === 'cancelled') return <Text variant="labelMedium">{stopped}</Text>;
  if (reason === 'length') return <Text variant="labelMedium">{cut}</Text>;
  return null;
}

/** How long "copied" is shown, in milliseconds. */
const COPIED_FOR = 2000;

function CopyButton({ text }: { text: string }) {
  const messages = useMessages();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => {
      setCopied(false);
    }, COPIED_FOR);
    return () => {
      clearTimeout(timer);
    };
  }, [copied]);
  return (
    <Button
      mode="text"
      icon={copied ? 'check' : 'content-copy'}
      disabled={text === ''}
      onPress={() => {
        copyText(text).then(
          () => {
            setCopied(true);
          },
          () => undefined, // the label then stays as it is
        );
      }}
      contentStyle={styles.target}>
      {copied ? messages.summary.copied : messages.summary.copy}
    </Button>
  );
}

const styles = StyleSheet.create({
  card: { borderRadius: 20, padding: 16, paddingBottom: 4, gap: 8 },
  header: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  title: { flex: 1 },
  scroll: { maxHeight: 220, flexGrow: 0 },
  progress: { borderRadius: 2, marginBottom: 12 },
  actions: { flexDirection: 'row', justifyContent: 'flex-end' },
  target: { minHeight: TOUCH_TARGET },
});
