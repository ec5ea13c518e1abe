import { useState } from 'react';
import { StyleSheet, useWindowDimensions, View } from 'react-native';
import { Appbar, Button, Surface, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { ChatMessage, Mode } from '../../core/contract';
import type { Model } from '../../core/model';
import { useMessages } from '../../i18n';
import type { LanguageName } from '../../i18n/languageName';
import { ErrorCard } from '../../ui/ErrorCard';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { fromSample, type Conversation, type Sample } from '../conversation/conversation';
import { ConversationDialog } from '../conversation/ConversationDialog';
import { ConversationList } from '../conversation/ConversationList';

import { ModelStatus } from './ModelStatus';
import { ModePicker } from './ModePicker';
import { outputName, OutputPicker } from './OutputPicker';
import { defaultOutput, outputsOf } from './outputs';
import { ResultCard } from './ResultCard';
import type { Summary } from './summary';

/** From this width on, conversation and summary stand side by side; in density-independent pixels. */
const WIDE = 840;

export type SummaryScreenProps = {
  model: Model;
  summary: Summary;
  samples: Sample[];
  languageName: LanguageName;
  parseChat: (text: string) => Promise<ChatMessage[]>;
};

/** A conversation above, what is to be made of it and the summary below. */
export function SummaryScreen({ model, summary, samples, languageName, parseChat }: SummaryScreenProps) {
  const { colors } = useTheme();
  const messages = useMessages();
  const insets = useSafeAreaInsets();
  const wide = useWindowDimensions().width >= WIDE;

  const modelState = useStore(model.state);
  const summaryState = useStore(summary.state);
  const [conversation, setConversation] = useState<Conversation | undefined>(() => samples[0] && fromSample(samples[0]));
  const [choosing, setChoosing] = useState(false);
  const [outputId, setOutputId] = useState<string>();
  const [chosenMode, setChosenMode] = useState<Mode>('auto');

  const bundle = modelState.kind === 'ready' || modelState.kind === 'loading' ? modelState.bundle : undefined;
  const outputs = bundle ? outputsOf(bundle) : [];
  const output = outputs.find(({ id }) => id === outputId) ?? defaultOutput(outputs);
  // A mode that this output does not offer is kept for those that do.
  const mode: Mode = chosenMode !== 'auto' && output?.composition.modes.includes(chosenMode) ? chosenMode : 'auto';
  const busy = summaryState.kind === 'queued' || summaryState.kind === 'running';
  const stopping = summaryState.kind === 'running' && summaryState.stopping;

  const start = () => {
    if (!output || !conversation) return;
    void summary.start({ input: conversation.input, mainTask: output.mainTask, into: output.extras.map(({ id }) => id), mode });
  };
  const choose = (chosen: Conversation) => {
    setChoosing(false);
    setConversation(chosen);
    summary.reset();
  };
  const nameOf = (ids: string[]) => {
    const found = outputs.find(({ id }) => id === ids.join('+'));
    return found ? outputName(found, messages, languageName) : '';
  };
  const shownOutput = summaryState.kind === 'idle' ? '' : nameOf([summaryState.request.mainTask, ...summaryState.request.into]);

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <Appbar.Header mode="small" elevated>
        <View style={styles.titles}>
          <Text variant="titleLarge" role="heading" aria-level={1}>
            {messages.app.name}
          </Text>
          <ModelStatus state={modelState} />
        </View>
        <Appbar.Action
          icon="message-plus-outline"
          accessibilityLabel={messages.conversation.change}
          onPress={() => {
            setChoosing(true);
          }}
          style={styles.action}
        />
      </Appbar.Header>
      <View style={[styles.body, wide && styles.sideBySide]}>
        <View style={styles.conversation}>{conversation && <ConversationList conversation={conversation} />}</View>
        <Surface elevation={2} style={[styles.panel, wide ? styles.panelBeside : styles.panelBelow, { paddingBottom: 12 + insets.bottom }]}>
          <View style={styles.result}>
            {modelState.kind === 'failed' && summaryState.kind !== 'failed' ? (
              <ErrorCard error={modelState.error} onRetry={() => void model.load().catch(() => undefined)} />
            ) : (
              <ResultCard state={summaryState} outputName={shownOutput} onAgain={start} />
            )}
          </View>
          {bundle && outputs.length === 0 && (
            <Text role="alert" variant="bodyMedium" style={styles.padded}>
              {messages.output.none}
            </Text>
          )}
          <OutputPicker
            outputs={outputs}
            selected={output}
            languageName={languageName}
            onSelect={({ id }) => {
              setOutputId(id);
            }}
          />
          <View style={[styles.padded, styles.actions]}>
            {output && <ModePicker composition={output.composition} mode={mode} onSelect={setChosenMode} />}
            {busy ? (
              <Button
                mode="contained-tonal"
                icon="stop"
                disabled={stopping}
                onPress={() => {
                  summary.stop();
                }}
                style={styles.main}
                contentStyle={styles.target}>
                {stopping ? messages.summary.stopping : messages.summary.stop}
              </Button>
            ) : (
              <Button mode="contained" icon="text-short" disabled={!output || !conversation} onPress={start} style={styles.main} contentStyle={styles.target}>
                {messages.summary.start}
              </Button>
            )}
          </View>
        </Surface>
      </View>
      <ConversationDialog
        visible={choosing}
        samples={samples}
        parseChat={parseChat}
        onChoose={choose}
        onDismiss={() => {
          setChoosing(false);
        }}
      />
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  titles: { flex: 1, paddingHorizontal: 12 },
  action: { width: TOUCH_TARGET, height: TOUCH_TARGET },
  body: { flex: 1 },
  sideBySide: { flexDirection: 'row' },
  conversation: { flex: 1 },
  panel: { paddingTop: 12, gap: 12 },
  panelBelow: { borderTopLeftRadius: 28, borderTopRightRadius: 28 },
  panelBeside: { width: 420, borderTopLeftRadius: 28, justifyContent: 'flex-end' },
  result: { paddingHorizontal: 16 },
  padded: { paddingHorizontal: 16 },
  actions: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  main: { flex: 1 },
  target: { minHeight: TOUCH_TARGET },
});
