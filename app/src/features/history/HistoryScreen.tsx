import { useEffect, useState } from 'react';
import { FlatList, StyleSheet, View } from 'react-native';
import { ActivityIndicator, Icon, List, Text, TextInput, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { Task } from '../../core/contract';
import type { HistoryHead } from '../../core/storage/storage';
import { useDates, useLanguageName, useMessages } from '../../i18n';
import { ActionButton } from '../../ui/ActionButton';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { HeaderAction, ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { tasksName } from '../choice/names';

import type { History } from './history';
import { UnreadableCard } from './UnreadableCard';

type Props = {
  history: History;
  tasks: readonly Task[];
  isKept: boolean;
  onOpen: (id: string) => void;
  onRemove: (id: string) => void;
  /** Absent where the system has no way to save a file. */
  onExport: (() => void) | undefined;
  onBack: () => void;
};

/** The kept answers, newest first: search, open, delete, export. */
export function HistoryScreen({ history, tasks, isKept, onOpen, onRemove, onExport, onBack }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const { heads, words, loading } = useStore(history.state);
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    void history.search('');
  }, [history]);

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={messages.history.title} onBack={onBack}>
        {onExport && <HeaderAction icon="export-variant" label={messages.history.exportAll} disabled={heads.length === 0} onPress={onExport} />}
        <HeaderAction
          icon="delete-sweep-outline"
          label={messages.history.removeAll}
          disabled={heads.length === 0}
          onPress={() => {
            setAsking(true);
          }}
        />
      </ScreenHeader>
      {history.unreadable && <UnreadableCard unreadable={history.unreadable} />}
      <TextInput
        mode="outlined"
        label={messages.history.search}
        aria-label={messages.history.search}
        inputMode="search"
        value={words}
        onChangeText={text => void history.search(text)}
        style={styles.search}
      />
      {!isKept && (
        <Text role="status" variant="bodyMedium" style={[styles.note, { color: colors.onSurfaceVariant }]}>
          {messages.history.off}
        </Text>
      )}
      <FlatList
        data={heads}
        keyExtractor={({ id }) => id}
        role="list"
        aria-label={messages.history.title}
        keyboardShouldPersistTaps="handled"
        contentContainerStyle={{ paddingBottom: 24 + insets.bottom }}
        onEndReachedThreshold={1}
        onEndReached={() => void history.readMore()}
        renderItem={({ item }) => (
          <Entry
            head={item}
            tasks={tasks}
            onOpen={() => {
              onOpen(item.id);
            }}
            onRemove={() => {
              onRemove(item.id);
            }}
          />
        )}
        ListEmptyComponent={loading ? <ActivityIndicator aria-label={messages.history.title} style={styles.loading} /> : <Nothing searched={words !== ''} />}
      />
      <ConfirmDialog
        visible={asking}
        title={messages.history.removeAllAsk}
        hint={messages.history.removeAllHint}
        confirm={messages.history.removeAll}
        onConfirm={() => void history.removeAll()}
        onDismiss={() => {
          setAsking(false);
        }}
      />
    </View>
  );
}

type EntryProps = { head: HistoryHead; tasks: readonly Task[]; onOpen: () => void; onRemove: () => void };

function Entry({ head, tasks, onOpen, onRemove }: EntryProps) {
  const messages = useMessages();
  const languageName = useLanguageName();
  const dates = useDates();
  return (
    <View role="listitem" style={styles.entry}>
      <List.Item
        title={head.text}
        titleNumberOfLines={2}
        description={`${tasksName(head.tasks, tasks, messages, languageName)} · ${dates.moment(head.at)}\n${head.excerpt}`}
        descriptionNumberOfLines={2}
        accessibilityRole="button"
        onPress={onOpen}
        style={styles.item}
      />
      <ActionButton icon="delete-outline" label={messages.history.remove} onPress={onRemove} />
    </View>
  );
}

function Nothing({ searched }: { searched: boolean }) {
  const messages = useMessages();
  const { colors } = useTheme();
  return (
    <View style={styles.nothing}>
      <Icon source={searched ? 'magnify-close' : 'history'} size={48} color={colors.onSurfaceVariant} />
      <Text variant="bodyLarge" style={[styles.centred, { color: colors.onSurfaceVariant }]}>
        {searched ? messages.history.noneFound : messages.history.empty}
      </Text>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  search: { marginHorizontal: 16, marginVertical: 8 },
  note: { paddingHorizontal: 20, paddingVertical: 4 },
  entry: { flexDirection: 'row', alignItems: 'center', paddingRight: 8 },
  item: { flex: 1, minHeight: TOUCH_TARGET },
  loading: { marginTop: 48 },
  nothing: { alignItems: 'center', gap: 12, padding: 48 },
  centred: { textAlign: 'center' },
});
