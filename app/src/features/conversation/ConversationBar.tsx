import { useState } from 'react';
import { ScrollView, StyleSheet } from 'react-native';
import { Button, Dialog, Text } from 'react-native-paper';

import { useMessages } from '../../i18n';
import { ChoiceDialog } from '../../ui/ChoiceDialog';
import { TOUCH_TARGET } from '../../ui/touchTarget';

import { speakersOf, type Conversation } from './conversation';
import type { Range } from './range';
import { RangeDialog } from './RangeDialog';
import { useRangeName } from './rangeName';

type Props = { conversation: Conversation; onRange: (range: Range) => void; onOwner: (owner: string | undefined) => void };

/** Above a conversation: which of its messages are worked on, and who of its speakers the user is. */
export function ConversationBar({ conversation, onRange, onOwner }: Props) {
  const messages = useMessages();
  const rangeName = useRangeName();
  const [asking, setAsking] = useState<'range' | 'owner'>();
  const { input, range, owner } = conversation;
  if (input.kind === 'text') return null;
  const close = () => {
    setAsking(undefined);
  };
  return (
    <>
      <ScrollView horizontal showsHorizontalScrollIndicator={false} style={styles.bar} contentContainerStyle={styles.content}>
        <Button
          mode="text"
          compact
          icon="filter-variant"
          accessibilityLabel={messages.range.button(rangeName(range, input.messages.length))}
          onPress={() => {
            setAsking('range');
          }}
          contentStyle={styles.target}>
          {rangeName(range, input.messages.length)}
        </Button>
        <Button
          mode="text"
          compact
          icon="account-outline"
          onPress={() => {
            setAsking('owner');
          }}
          style={styles.owner}
          contentStyle={styles.target}>
          {owner === undefined ? messages.owner.unknown : messages.owner.button(owner)}
        </Button>
      </ScrollView>
      {asking === 'range' && <RangeDialog messages={input.messages} owner={owner} range={range} rangeName={rangeName} onSelect={onRange} onDismiss={close} />}
      <ChoiceDialog
        visible={asking === 'owner'}
        title={messages.owner.label}
        // Speakers are called as they like, so that "nobody" needs a key that no name has.
        options={[...speakersOf(input).map(name => ({ key: `=${name}`, title: name })), { key: '', title: messages.owner.nobody }]}
        selected={owner === undefined ? '' : `=${owner}`}
        onSelect={key => {
          onOwner(key === '' ? undefined : key.slice(1));
        }}
        onDismiss={close}>
        <Dialog.Content>
          <Text variant="bodyMedium">{messages.owner.hint}</Text>
        </Dialog.Content>
      </ChoiceDialog>
    </>
  );
}

const styles = StyleSheet.create({
  bar: { flexGrow: 0, flexShrink: 0 },
  content: { paddingHorizontal: 8 },
  owner: { maxWidth: 260 },
  target: { minHeight: TOUCH_TARGET },
});
