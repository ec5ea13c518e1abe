import { useState } from 'react';
import { StyleSheet, View } from 'react-native';
import { Button } from 'react-native-paper';

import type { Statistics } from '../../core/contract';
import { useMessages } from '../../i18n';
import { ActionButton } from '../../ui/ActionButton';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useCopy } from '../../ui/useCopy';

import { EditDialog } from './EditDialog';
import { ReadAloudButton, type Voice } from './ReadAloudButton';
import { StatisticsLine } from './StatisticsLine';

/** What can be done with an answer; what is absent is not offered. */
export type AnswerUse = {
  onAgain?: (() => void) | undefined;
  onEdit: (text: string) => void;
  onShare?: ((text: string) => void) | undefined;
  /** Writes it where the text came from. */
  onReplace?: ((text: string) => void) | undefined;
  voice?: Voice | undefined;
};

type Props = { text: string; statistics: Statistics; tasks: readonly string[]; use: AnswerUse };

export function AnswerActions({ text, statistics, tasks, use: { onAgain, onEdit, onShare, onReplace, voice } }: Props) {
  const messages = useMessages();
  const [details, setDetails] = useState(false);
  const [editing, setEditing] = useState(false);
  return (
    <>
      <StatisticsLine statistics={statistics} tasks={tasks} details={details} />
      {onReplace && (
        <Button
          mode="contained-tonal"
          icon="file-replace-outline"
          disabled={text === ''}
          onPress={() => {
            onReplace(text);
          }}
          contentStyle={styles.target}>
          {messages.answer.replace}
        </Button>
      )}
      <View style={styles.actions}>
        <ActionButton
          icon="information-outline"
          label={messages.answer.details}
          selected={details}
          onPress={() => {
            setDetails(!details);
          }}
        />
        <View style={styles.space} />
        {voice && <ReadAloudButton text={text} voice={voice} />}
        {onAgain && <ActionButton icon="refresh" label={messages.answer.again} onPress={onAgain} />}
        <ActionButton
          icon="pencil-outline"
          label={messages.answer.edit}
          onPress={() => {
            setEditing(true);
          }}
        />
        {onShare && (
          <ActionButton
            icon="share-variant"
            label={messages.answer.share}
            disabled={text === ''}
            onPress={() => {
              onShare(text);
            }}
          />
        )}
        <CopyButton text={text} />
      </View>
      {editing && (
        <EditDialog
          text={text}
          onSave={edited => {
            setEditing(false);
            onEdit(edited);
          }}
          onDismiss={() => {
            setEditing(false);
          }}
        />
      )}
    </>
  );
}

function CopyButton({ text }: { text: string }) {
  const messages = useMessages();
  const { copied, copy } = useCopy();
  return (
    <ActionButton
      icon={copied ? 'check' : 'content-copy'}
      label={copied ? messages.answer.copied : messages.answer.copy}
      disabled={text === ''}
      onPress={() => {
        copy(text);
      }}
    />
  );
}

const styles = StyleSheet.create({
  actions: { flexDirection: 'row', flexWrap: 'wrap', marginHorizontal: -12 },
  space: { flex: 1 },
  target: { minHeight: TOUCH_TARGET },
});
