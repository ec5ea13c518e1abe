import { useEffect, useState } from 'react';
import { FlatList, StyleSheet, View } from 'react-native';
import { ActivityIndicator, Button, Card, Icon, ProgressBar, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { ImportProgress, InstalledBundle } from '../../core/library';
import { useLanguageName, useMessages, useNumbers } from '../../i18n';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { ErrorCard } from '../../ui/ErrorCard';
import { ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { tasksName } from '../choice/names';

import type { Bundles } from './bundles';

/** Sets up what the app runs on: the bundles on the device, their import, choice and removal. */
export function LibraryScreen({ bundles: service, onBack }: { bundles: Bundles; onBack: () => void }) {
  const messages = useMessages();
  const { library } = messages;
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const { bundles, importing, error } = useStore(service.state);
  const [removing, setRemoving] = useState<string>();

  useEffect(() => {
    void service.refresh();
  }, [service]);

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={library.title} onBack={onBack} />
      <FlatList
        data={bundles ?? []}
        keyExtractor={({ id }) => id}
        role="list"
        aria-label={library.title}
        contentContainerStyle={[styles.list, { paddingBottom: 24 + insets.bottom }]}
        ListHeaderComponent={
          <View style={styles.head}>
            {error && <ErrorCard error={error} onRetry={() => void service.refresh()} />}
            {importing === undefined ? (
              <Button mode="contained" icon="import" onPress={() => void service.importPicked('bundle')} contentStyle={styles.target}>
                {library.importOne}
              </Button>
            ) : (
              <Importing
                progress={importing}
                onCancel={() => {
                  service.cancel();
                }}
              />
            )}
          </View>
        }
        ListEmptyComponent={bundles ? <None /> : <ActivityIndicator aria-label={library.title} style={styles.loading} />}
        renderItem={({ item }) => (
          <BundleCard
            installed={item}
            busy={importing !== undefined}
            onImportBase={() => void service.importPicked('base')}
            onUse={() => void service.use(item.id)}
            onRemove={() => {
              setRemoving(item.id);
            }}
          />
        )}
      />
      <ConfirmDialog
        visible={removing !== undefined}
        title={library.removeAsk}
        hint={library.removeHint}
        confirm={library.removeSure}
        onConfirm={() => {
          if (removing !== undefined) void service.remove(removing);
        }}
        onDismiss={() => {
          setRemoving(undefined);
        }}
      />
    </View>
  );
}

function Importing({ progress, onCancel }: { progress: ImportProgress | 'choosing'; onCancel: () => void }) {
  const messages = useMessages();
  const { library, about } = messages;
  const number = useNumbers();
  const { colors } = useTheme();
  const size = (bytes: number) => about.sizeOf(number(bytes / 1e6));
  const known = progress !== 'choosing' && progress.totalBytes > 0;
  return (
    <View role="status" aria-live="polite" style={[styles.importing, { backgroundColor: colors.elevation.level2 }]}>
      <Text variant="titleSmall">{progress === 'choosing' ? library.choosing : library[progress.phase]}</Text>
      <ProgressBar indeterminate={!known} progress={known ? progress.doneBytes / progress.totalBytes : 0} aria-label={library.title} />
      {known && <Text variant="bodySmall">{library.progress(size(progress.doneBytes), size(progress.totalBytes))}</Text>}
      <Button mode="text" onPress={onCancel} contentStyle={styles.target}>
        {messages.app.cancel}
      </Button>
    </View>
  );
}

type CardProps = { installed: InstalledBundle; busy: boolean; onImportBase: () => void; onUse: () => void; onRemove: () => void };

function BundleCard({ installed, busy, onImportBase, onUse, onRemove }: CardProps) {
  const messages = useMessages();
  const { library, about } = messages;
  const number = useNumbers();
  const languageName = useLanguageName();
  const { colors } = useTheme();
  const { state, inUse } = installed;
  const bundle = state.kind === 'broken' ? undefined : state.bundle;
  const offers = bundle?.compositions.map(({ tasks }) => tasksName(tasks, bundle.tasks, messages, languageName)).join(', ');
  return (
    <View role="listitem">
      <Card mode="contained" style={styles.card}>
        <Card.Title
          title={bundle?.baseName ?? library.broken}
          titleNumberOfLines={2}
          subtitle={[...(bundle ? [about.sizeOf(number(bundle.baseBytes / 1e6))] : []), ...(inUse ? [library.inUse] : [])].join(' · ')}
          left={props => <Icon {...props} source={state.kind === 'ready' ? 'package-variant-closed-check' : 'alert-circle-outline'} />}
        />
        <Card.Content style={styles.content}>
          {offers !== undefined && (
            <Text variant="bodyMedium" numberOfLines={4}>
              {offers}
            </Text>
          )}
          {state.kind === 'ready' && state.fit !== 'fits' && (
            <Text role="alert" variant="bodyMedium" style={{ color: colors.error }}>
              {library.fit[state.fit]}
            </Text>
          )}
          {state.kind === 'needs-base' && (
            <>
              <Text role="alert" variant="bodyMedium">
                {library.needsBase}
              </Text>
              <Button mode="contained-tonal" icon="import" disabled={busy} onPress={onImportBase} contentStyle={styles.target}>
                {library.importBase}
              </Button>
            </>
          )}
          {state.kind === 'broken' && (
            <>
              <Text variant="bodyMedium">{messages.error.advice[state.error.source]}</Text>
              <Text variant="bodySmall" selectable>
                {state.error.message}
              </Text>
            </>
          )}
        </Card.Content>
        <Card.Actions>
          <Button mode="text" textColor={colors.error} onPress={onRemove} contentStyle={styles.target}>
            {library.remove}
          </Button>
          {state.kind === 'ready' && !inUse && (
            <Button mode="contained-tonal" disabled={state.fit === 'wont-fit'} onPress={onUse} contentStyle={styles.target}>
              {library.use}
            </Button>
          )}
        </Card.Actions>
      </Card>
    </View>
  );
}

function None() {
  const { library } = useMessages();
  const { colors } = useTheme();
  return (
    <View style={styles.none}>
      <Icon source="package-variant" size={48} color={colors.onSurfaceVariant} />
      <Text variant="titleMedium">{library.none}</Text>
      <Text variant="bodyMedium" style={[styles.centred, { color: colors.onSurfaceVariant }]}>
        {library.noneHint}
      </Text>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  list: { padding: 16, gap: 12, width: '100%', maxWidth: 720, alignSelf: 'center' },
  head: { gap: 12 },
  importing: { borderRadius: 16, padding: 16, gap: 8 },
  card: { borderRadius: 16 },
  content: { gap: 8 },
  none: { alignItems: 'center', gap: 12, padding: 32 },
  centred: { textAlign: 'center' },
  loading: { marginTop: 48 },
  target: { minHeight: TOUCH_TARGET },
});
