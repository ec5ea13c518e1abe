import { useMemo, useState } from 'react';
import { StyleSheet, View } from 'react-native';
import { Dialog, TextInput } from 'react-native-paper';

import type { ChatMessage } from '../../core/contract';
import { useMessages, useNumbers } from '../../i18n';
import { ChoiceDialog } from '../../ui/ChoiceDialog';

import type { RangeName } from './rangeName';
import { ALL, daysOf, inRange, type Range } from './range';

/** Numbers of last messages that are offered. */
const COUNTS = [10, 20, 50, 100, 200];

const SINCE_OWN: Range = { kind: 'since-own' };

type Props = {
  messages: ChatMessage[];
  owner: string | undefined;
  range: Range;
  rangeName: RangeName;
  onSelect: (range: Range) => void;
  onDismiss: () => void;
};

/** Asks for the messages that are worked on: all, those that the user has not answered, the last so many, or those since one of the conversation's days. */
export function RangeDialog({ messages, owner, range, rangeName, onSelect, onDismiss }: Props) {
  const texts = useMessages();
  const number = useNumbers();
  const [typed, setTyped] = useState('');
  const days = useMemo(() => daysOf(messages), [messages]);
  const countOf = (count: number) => texts.conversation.messages(number(count), count);

  const wanted = /^\d{1,6}$/.test(typed) ? Math.min(Number(typed), messages.length) : 0;
  const counts = [...new Set([...(wanted > 0 ? [wanted] : []), ...COUNTS.filter(count => count < messages.length)])];
  const last = counts.map(count => ({ range: { kind: 'last' as const, count }, count }));
  const unanswered = owner === undefined ? 0 : inRange(messages, SINCE_OWN, owner).length;
  const ranges: { range: Range; count: number }[] =
    wanted > 0
      ? last
      : [
          { range: ALL, count: messages.length },
          ...(unanswered > 0 && unanswered < messages.length ? [{ range: SINCE_OWN, count: unanswered }] : []),
          ...last,
          ...days.map(({ day, count }) => ({ range: { kind: 'since' as const, day }, count })),
        ];
  const options = ranges.map(each => ({
    key: keyOf(each.range),
    title: each.range.kind === 'all' ? texts.range.all : rangeName(each.range, messages.length),
    description: countOf(each.count),
  }));
  return (
    <ChoiceDialog
      visible
      title={texts.range.label}
      options={options}
      selected={keyOf(range)}
      onSelect={key => {
        const chosen = ranges.find(each => keyOf(each.range) === key);
        if (chosen) onSelect(chosen.range);
      }}
      onDismiss={onDismiss}>
      <Dialog.Content>
        <View style={styles.custom}>
          <TextInput
            mode="outlined"
            dense
            inputMode="numeric"
            maxLength={6}
            value={typed}
            onChangeText={setTyped}
            label={texts.range.custom}
            aria-label={texts.range.custom}
            style={styles.input}
          />
        </View>
      </Dialog.Content>
    </ChoiceDialog>
  );
}

function keyOf(range: Range): string {
  switch (range.kind) {
    case 'last':
      return `last ${String(range.count)}`;
    case 'since':
      return `since ${range.day}`;
    case 'all':
    case 'since-own':
      return range.kind;
  }
}

const styles = StyleSheet.create({
  custom: { flexDirection: 'row' },
  input: { flex: 1, minHeight: 48 },
});
