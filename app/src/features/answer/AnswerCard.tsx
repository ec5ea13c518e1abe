import { useEffect, useRef } from 'react';
import { AccessibilityInfo, StyleSheet, View } from 'react-native';
import { ProgressBar, Text, useTheme } from 'react-native-paper';

import { useMessages, useNumbers, type Messages } from '../../i18n';
import { ErrorCard } from '../../ui/ErrorCard';
import { WrittenText } from '../../ui/WrittenText';
import { requestTasks } from '../choice/names';

import { AnswerActions, type AnswerUse } from './AnswerActions';
import type { AnswerState, Item } from './answers';

type Props = {
  item: Item;
  title: string;
  /** Below the title, where the methods are compared. */
  note?: string | undefined;
  modelIsLoading: boolean;
  /** Of one that failed, or could not be made again. */
  onRetry: () => void;
  use: AnswerUse;
};

/** One answer as it is written, and what can be done with it. */
export function AnswerCard({ item: { request, state, problem }, title, note, modelIsLoading, onRetry, use }: Props) {
  const { colors } = useTheme();
  const messages = useMessages();
  const number = useNumbers();
  useFinishedAloud(title, state, messages);
  if (state.kind === 'failed') return <ErrorCard error={state.error} onRetry={onRetry} />;
  return (
    <View role="region" aria-label={title} style={[styles.card, { backgroundColor: colors.surface }]}>
      <View style={styles.header}>
        <Text variant="titleSmall" role="heading" aria-level={2} style={[styles.title, { color: colors.primary }]}>
          {title}
        </Text>
        {state.kind === 'running' && state.steps > 1 && <Text variant="labelMedium">{messages.answer.step(number(state.step + 1), number(state.steps))}</Text>}
      </View>
      {note !== undefined && (
        <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
          {note}
        </Text>
      )}
      <WrittenText
        variant="bodyLarge"
        selectable
        testID="summary"
        aria-live="polite"
        style={{ color: state.kind === 'waiting' ? colors.onSurfaceVariant : colors.onSurface }}>
        {shownText(state, modelIsLoading, messages)}
      </WrittenText>
      {state.kind === 'finished' ? (
        <>
          {problem && <ErrorCard error={problem} onRetry={onRetry} />}
          {notesOf(state, messages, number).map(text => (
            <Text key={text} variant="labelMedium" style={{ color: colors.onSurfaceVariant }}>
              {text}
            </Text>
          ))}
          <AnswerActions key={state.text} text={state.text} statistics={state.answer.statistics} tasks={requestTasks(request)} use={use} />
        </>
      ) : (
        <ProgressBar indeterminate={state.kind === 'running' || modelIsLoading} aria-label={title} style={styles.progress} />
      )}
    </View>
  );
}

/** Lets a screen reader say an answer when it is there: a live region would say each piece of it as it is written. */
function useFinishedAloud(title: string, state: AnswerState, messages: Messages): void {
  const last = useRef(state.kind);
  useEffect(() => {
    if (state.kind === 'finished' && last.current !== 'finished') AccessibilityInfo.announceForAccessibility(`${title}. ${shownText(state, false, messages)}`);
    last.current = state.kind;
  }, [title, state, messages]);
}

function shownText(state: Exclude<AnswerState, { kind: 'failed' }>, modelIsLoading: boolean, { answer }: Messages): string {
  switch (state.kind) {
    case 'waiting':
      return modelIsLoading ? answer.queued : answer.next;
    case 'running':
      return state.text === '' ? answer.reading : state.text;
    case 'finished':
      if (state.text !== '') return state.text;
      return isStopped(state) ? answer.stopped : answer.empty;
  }
}

type Finished = Extract<AnswerState, { kind: 'finished' }>;

function isStopped({ answer }: Finished): boolean {
  return answer.statistics.finishReason === 'cancelled';
}

/** What the user must know of how it came about. */
function notesOf(state: Finished, { answer }: Messages, number: (value: number) => string): string[] {
  const { finishReason, leftOutMessages, inputTruncated } = state.answer.statistics;
  return [
    ...(isStopped(state) && state.text !== '' ? [answer.stopped] : []),
    ...(finishReason === 'length' ? [answer.cut] : []),
    ...(leftOutMessages > 0 ? [answer.leftOut(number(leftOutMessages), leftOutMessages)] : []),
    ...(inputTruncated ? [answer.truncated] : []),
    ...(state.text !== state.answer.text ? [answer.edited] : []),
  ];
}

const styles = StyleSheet.create({
  card: { borderRadius: 20, padding: 16, paddingBottom: 4, gap: 8 },
  header: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  title: { flex: 1 },
  progress: { borderRadius: 2, marginBottom: 12 },
});
