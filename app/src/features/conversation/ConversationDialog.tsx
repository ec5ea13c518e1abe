import { useState } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { Button, Dialog, List, Portal, Text, TextInput, useTheme } from 'react-native-paper';

import type { ChatMessage } from '../../core/contract';
import { CoreError } from '../../core/errors';
import { useMessages, useNumbers } from '../../i18n';
import { TOUCH_TARGET } from '../../ui/touchTarget';

import { fromPaste, fromSample, type Conversation, type Sample } from './conversation';

type Props = {
  visible: boolean;
  samples: Sample[];
  parseChat: (text: string) => Promise<ChatMessage[]>;
  onChoose: (conversation: Conversation) => void;
  onDismiss: () => void;
};

/** Chooses what is summarised: one of the samples, or pasted text. */
export function ConversationDialog({ visible, samples, parseChat, onChoose, onDismiss }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  const [text, setText] = useState('');
  const [error, setError] = useState<CoreError>();

  const takePasted = async () => {
    setError(undefined);
    try {
      onChoose(fromPaste(text, await parseChat(text)));
      setText('');
    } catch (thrown) {
      setError(CoreError.from(thrown));
    }
  };

  return (
    <Portal>
      <Dialog visible={visible} onDismiss={onDismiss} style={styles.dialog}>
        <Dialog.Title>{messages.conversation.change}</Dialog.Title>
        <Dialog.ScrollArea style={styles.area}>
          <ScrollView contentContainerStyle={styles.content} keyboardShouldPersistTaps="handled">
            <Text variant="titleSmall">{messages.conversation.paste}</Text>
            <TextInput
              mode="outlined"
              multiline
              value={text}
              onChangeText={setText}
              label={messages.conversation.pasteLabel}
              aria-label={messages.conversation.pasteLabel}
              style={styles.input}
            />
            <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
              {messages.conversation.pasteHint}
            </Text>
            {error && (
              <Text role="alert" variant="bodyMedium" style={{ color: colors.error }}>
                {messages.error.title[error.source]}
              </Text>
            )}
            <Button mode="contained-tonal" icon="content-paste" disabled={text.trim() === ''} onPress={() => void takePasted()} contentStyle={styles.target}>
              {messages.conversation.use}
            </Button>
            <Text variant="titleSmall" style={styles.heading}>
              {messages.conversation.samples}
            </Text>
            <View role="list">
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
        </Dialog.ScrollArea>
        <Dialog.Actions>
          <Button onPress={onDismiss} contentStyle={styles.target}>
            {messages.conversation.cancel}
          </Button>
        </Dialog.Actions>
      </Dialog>
    </Portal>
  );
}

function SampleItem({ sample, onPress }: { sample: Sample; onPress: () => void }) {
  const messages = useMessages();
  const number = useNumbers();
  const [first] = sample.conversation;
  const speakers = [...new Set(sample.conversation.map(({ speaker }) => speaker))].join(', ');
  const count = sample.conversation.length;
  return (
    <View role="listitem">
      <List.Item
        title={first?.text}
        description={`${speakers} · ${messages.conversation.messages(number(count), count === 1)}`}
        left={props => <List.Icon {...props} icon="message-text-outline" />}
        accessibilityRole="button"
        onPress={onPress}
        style={styles.target}
      />
    </View>
  );
}

const styles = StyleSheet.create({
  dialog: { maxHeight: '85%', width: '92%', maxWidth: 560, alignSelf: 'center' },
  area: { paddingHorizontal: 0 },
  content: { paddingHorizontal: 24, paddingVertical: 16, gap: 12 },
  heading: { marginTop: 8 },
  input: { minHeight: 96, maxHeight: 200 },
  target: { minHeight: TOUCH_TARGET },
});
