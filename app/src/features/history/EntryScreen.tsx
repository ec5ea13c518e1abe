import { useEffect, useState } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { ActivityIndicator, Button, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { Task } from '../../core/contract';
import type { HistoryEntry } from '../../core/storage/storage';
import { useDates, useLanguageName, useMessages } from '../../i18n';
import { HeaderAction, ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useCopy } from '../../ui/useCopy';
import { WrittenText } from '../../ui/WrittenText';
import { modeTexts, tasksName } from '../choice/names';

import type { History } from './history';

type Props = {
  history: History;
  id: string;
  tasks: readonly Task[];
  onShare: ((text: string) => void) | undefined;
  onRemove: () => void;
  onOpen: (entry: HistoryEntry) => void;
  onBack: () => void;
};

/** One kept answer in full. */
export function EntryScreen({ history, id, tasks, onShare, onRemove, onOpen, onBack }: Props) {
  const messages = useMessages();
  const languageName = useLanguageName();
  const dates = useDates();
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const [entry, setEntry] = useState<HistoryEntry | 'missing'>();
  const { copied, copy } = useCopy();

  useEffect(() => {
    let wanted = true;
    void history.entry(id).then(found => {
      if (wanted) setEntry(found ?? 'missing');
    });
    return () => {
      wanted = false;
    };
  }, [history, id]);

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={messages.history.title} onBack={onBack}>
        <HeaderAction icon="delete-outline" label={messages.history.remove} onPress={onRemove} />
      </ScreenHeader>
      {entry === undefined && <ActivityIndicator aria-label={messages.history.title} style={styles.content} />}
      {entry === 'missing' && (
        <Text role="alert" style={styles.content}>
          {messages.history.noneFound}
        </Text>
      )}
      {typeof entry === 'object' && (
        <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} tabIndex={0}>
          <Text variant="titleMedium" role="heading" aria-level={2} style={{ color: colors.primary }}>
            {tasksName(entry.tasks, tasks, messages, languageName)}
          </Text>
          <Text variant="bodySmall" style={{ color: colors.onSurfaceVariant }}>
            {`${dates.moment(entry.at)} · ${modeTexts(entry.mode, entry.tasks, messages).name}`}
          </Text>
          <WrittenText variant="bodyLarge" selectable>
            {entry.text}
          </WrittenText>
          <View style={styles.buttons}>
            <Button
              mode="contained-tonal"
              icon={copied ? 'check' : 'content-copy'}
              onPress={() => {
                copy(entry.text);
              }}
              contentStyle={styles.target}>
              {copied ? messages.answer.copied : messages.answer.copy}
            </Button>
            {onShare && (
              <Button
                mode="contained-tonal"
                icon="share-variant"
                onPress={() => {
                  onShare(entry.text);
                }}
                contentStyle={styles.target}>
                {messages.answer.share}
              </Button>
            )}
            <Button
              mode="outlined"
              icon="message-text-outline"
              onPress={() => {
                onOpen(entry);
              }}
              contentStyle={styles.target}>
              {messages.history.open}
            </Button>
          </View>
        </ScrollView>
      )}
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: 16, gap: 12, width: '100%', maxWidth: 720, alignSelf: 'center' },
  buttons: { flexDirection: 'row', flexWrap: 'wrap', gap: 8 },
  target: { minHeight: TOUCH_TARGET },
});
