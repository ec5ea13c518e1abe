import { useMemo } from 'react';
import { FlatList, StyleSheet, View } from 'react-native';
import { useTheme } from 'react-native-paper';

import type { ChatMessage } from '../../core/contract';
import { useMessages } from '../../i18n';
import { WrittenText } from '../../ui/WrittenText';

import { chosenInput, type Conversation } from './conversation';

/** The messages that are worked on as a chat, the owner's on the right; plain text as one sheet. */
export function ConversationList({ conversation }: { conversation: Conversation }) {
  const messages = useMessages();
  const { owner } = conversation;
  const input = useMemo(() => chosenInput(conversation), [conversation]);
  const items = input.kind === 'conversation' ? input.messages : [{ speaker: '', text: input.text }];
  return (
    <FlatList
      key={conversation.id}
      data={items}
      keyExtractor={(_, index) => String(index)}
      accessibilityRole="list"
      aria-label={messages.conversation.label}
      contentContainerStyle={styles.list}
      // On the web a region that scrolls must be reachable with the keyboard.
      tabIndex={0}
      renderItem={({ item, index }) => (
        <Bubble message={item} own={owner !== undefined && item.speaker === owner} first={items[index - 1]?.speaker !== item.speaker} />
      )}
    />
  );
}

type BubbleProps = {
  message: ChatMessage;
  own: boolean;
  /** Whether another one spoke before. */
  first: boolean;
};

function Bubble({ message, own, first }: BubbleProps) {
  const { colors } = useTheme();
  const { messageBy } = useMessages().conversation;
  const [background, foreground, name] = own
    ? [colors.secondaryContainer, colors.onSecondaryContainer, colors.primary]
    : [colors.elevation.level3, colors.onSurface, colors.primary];
  const { speaker, text } = message;
  return (
    <View
      role="listitem"
      aria-label={speaker === '' ? text : messageBy(speaker, text)}
      style={[styles.bubble, own ? styles.own : styles.other, first && styles.first, { backgroundColor: background }]}>
      {first && speaker !== '' && (
        <WrittenText variant="labelMedium" numberOfLines={2} style={{ color: name }}>
          {speaker}
        </WrittenText>
      )}
      <WrittenText variant="bodyLarge" selectable style={{ color: foreground }}>
        {text}
      </WrittenText>
    </View>
  );
}

const styles = StyleSheet.create({
  list: { padding: 16, gap: 4 },
  bubble: { maxWidth: '86%', paddingHorizontal: 14, paddingVertical: 8, borderRadius: 18 },
  first: { marginTop: 8 },
  own: { alignSelf: 'flex-end', borderBottomRightRadius: 6 },
  other: { alignSelf: 'flex-start', borderBottomLeftRadius: 6 },
});
