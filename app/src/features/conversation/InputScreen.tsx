import { useEffect, useRef, useState } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { ActivityIndicator, Button, List, Text, TextInput, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { ChatMessage } from '../../core/contract';
import { CoreError } from '../../core/errors';
import { useMessages, useNumbers } from '../../i18n';
import { AlertText } from '../../ui/AlertText';
import { clipboardText } from '../../ui/copyText';
import { ownAdviceOf } from '../../ui/errorText';
import { ALL_LINES } from '../../ui/lines';
import { ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';

import { fromMessages, fromSample, fromText, speakersOf, type Conversation, type Sample } from './conversation';

type Props = {
  samples: Sample[];
  parseChat: (text: string) => Promise<ChatMessage[]>;
  /** Absent where the system has no picker. */
  pickChat: ((signal: AbortSignal) => Promise<ChatMessage[] | undefined>) | undefined;
  onChoose: (conversation: Conversation) => void;
  onBack: () => void;
};

/** Brings in what is to be worked on: pasted or typed text, a chat file, or one of the samples. */
export function InputScreen({ samples, parseChat, pickChat, onChoose, onBack }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const [text, setText] = useState('');
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState<string>();

  /** Of what was asked for last. */
  const reader = useRef<AbortController>(undefined);
  useEffect(() => () => reader.current?.abort(), []);

  /** Opens the conversation that comes of it, or shows the problem. */
  const trying = async (work: (signal: AbortSignal) => Promise<Conversation | string | undefined>) => {
    reader.current?.abort();
    const { signal } = (reader.current = new AbortController());
    setProblem(undefined);
    setReading(true);
    const found = await work(signal).catch((thrown: unknown) => {
      const error = CoreError.from(thrown);
      return ownAdviceOf(error, messages) ?? messages.error.title[error.source];
    });
    if (signal.aborted) return;
    setReading(false);
    if (typeof found === 'string') setProblem(found);
    else if (found) onChoose(found);
  };
  const cancel = () => {
    reader.current?.abort();
    setReading(false);
  };
  const use = () => trying(async () => fromText(text, await parseChat(text)));
  const paste = () =>
    trying(async () => {
      const pasted = await clipboardText().catch(() => '');
      if (pasted.trim() === '') return messages.conversation.pasteFailed;
      setText(pasted);
      return undefined;
    });
  const importFile = (pick: NonNullable<Props['pickChat']>) =>
    trying(async signal => {
      const picked = await pick(signal);
      if (picked?.length === 0) return messages.conversation.importEmpty;
      return picked && fromMessages(picked);
    });

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={messages.conversation.change} onBack={onBack} />
      <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} keyboardShouldPersistTaps="handled" tabIndex={0}>
        <TextInput
          mode="outlined"
          multiline
          value={text}
          onChangeText={setText}
          label={messages.conversation.textLabel}
          aria-label={messages.conversation.textLabel}
          style={styles.input}
        />
        <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
          {messages.conversation.textHint}
        </Text>
        {problem !== undefined && <AlertText style={{ color: colors.error }}>{problem}</AlertText>}
        <View style={styles.buttons}>
          <Button mode="outlined" icon="content-paste" onPress={() => void paste()} contentStyle={styles.target}>
            {messages.conversation.paste}
          </Button>
          <Button
            mode="contained"
            icon="check"
            disabled={text.trim() === '' || reading}
            onPress={() => void use()}
            style={styles.grow}
            contentStyle={styles.target}>
            {messages.conversation.use}
          </Button>
        </View>
        {pickChat && (
          <>
            <Button
              mode="contained-tonal"
              icon="file-import-outline"
              disabled={reading}
              onPress={() => void importFile(pickChat)}
              style={styles.section}
              contentStyle={styles.target}>
              {messages.conversation.importFile}
            </Button>
            <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
              {messages.conversation.importHint}
            </Text>
          </>
        )}
        {reading && (
          <View role="status" aria-live="polite" style={styles.buttons}>
            <ActivityIndicator aria-label={messages.conversation.importing} size={20} />
            <Text variant="bodyMedium">{messages.conversation.importing}</Text>
            <Button onPress={cancel} contentStyle={styles.target}>
              {messages.app.cancel}
            </Button>
          </View>
        )}
        <Text variant="titleSmall" role="heading" aria-level={2} style={styles.section}>
          {messages.conversation.samples}
        </Text>
        <View role="list" style={styles.samples}>
          {samples.map(sample => (
            <SampleItem
              key={sample.id}
              sample={sample}
              onPress={() => {
                onChoose(fromSample(sample));
              }}
            />
          ))}
        </View>
      </ScrollView>
    </View>
  );
}

function SampleItem({ sample, onPress }: { sample: Sample; onPress: () => void }) {
  const messages = useMessages();
  const number = useNumbers();
  const { input } = fromSample(sample);
  const count = sample.conversation.length;
  return (
    <View role="listitem">
      <List.Item
        title={sample.conversation[0]?.text}
        descriptionNumberOfLines={ALL_LINES}
        description={`${speakersOf(input).join(', ')} · ${messages.conversation.messages(number(count), count)}`}
        left={props => <List.Icon {...props} icon="message-text-outline" />}
        accessibilityRole="button"
        onPress={onPress}
        style={styles.sample}
      />
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: 16, gap: 12, width: '100%', maxWidth: 720, alignSelf: 'center' },
  input: { minHeight: 120, maxHeight: 260 },
  buttons: { flexDirection: 'row', flexWrap: 'wrap', gap: 12, alignItems: 'center' },
  grow: { flexGrow: 1 },
  section: { marginTop: 12 },
  samples: { marginHorizontal: -16 },
  sample: { minHeight: TOUCH_TARGET, paddingHorizontal: 8 },
  target: { minHeight: TOUCH_TARGET },
});
