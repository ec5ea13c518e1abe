import { useEffect, useState } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { ActivityIndicator, Button, Card, Icon, ProgressBar, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { BundleInfo } from '../../core/contract';
import type { ImportProgress, InstalledBundle, UnfinishedImport } from '../../core/library';
import { useLanguageName, useMessages, useNumbers } from '../../i18n';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { ErrorCard } from '../../ui/ErrorCard';
import { adviceOf } from '../../ui/errorText';
import { ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { offersOf } from '../choice/names';

import type { Bundles } from './bundles';

type Props = {
  bundles: Bundles;
  /** What the model in memory offers; with no bundle in the list it comes from elsewhere. */
  loaded: BundleInfo | undefined;
  onBack: () => void;
};

/** Sets up what the app runs on: the bundles on the device, their import, choice and removal. */
export function LibraryScreen({ bundles: service, loaded, onBack }: Props) {
  const messages = useMessages();
  const { library } = messages;
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const { bundles, unfinished, importing, error } = useStore(service.state);
  const [removing, setRemoving] = useState<string>();

  useEffect(() => service.follow(), [service]);

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={library.title} onBack={onBack} />
      <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} tabIndex={0}>
        {error && <ErrorCard error={error} onRetry={() => void service.refresh()} />}
        {unfinished && importing === undefined && (
          <Unfinished unfinished={unfinished} onResume={() => void service.resume(unfinished.id)} onForget={() => void service.forget(unfinished.id)} />
        )}
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
        {!bundles && <ActivityIndicator aria-label={library.title} style={styles.loading} />}
        {bundles?.length === 0 && <None loaded={loaded} />}
        {bundles && bundles.length > 0 && (
          <View role="list" aria-label={library.title} style={styles.list}>
            {bundles.map(each => (
              <BundleCard
                key={each.id}
                installed={each}
                busy={importing !== undefined}
                onImportBase={() => void service.importPicked('base')}
                onUse={() => void service.use(each.id)}
                onRemove={() => {
                  setRemoving(each.id);
                }}
              />
            ))}
          </View>
        )}
      </ScrollView>
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
  const offers = bundle && offersOf(bundle, messages, languageName).join('\n');
  return (
    <View role="listitem">
      <Card mode="contained" style={styles.card}>
        <Card.Title
          title={bundle?.baseName ?? library.broken}
          titleNumberOfLines={2}
          subtitle={[...(bundle ? [about.sizeOf(number(bundle.baseBytes / 1e6))] : []), ...(inUse ? [library.inUse] : [])].join(' · ')}
          left={props => <Icon {...props} source={state.kind === 'ready' ? 'package-variant-closed-check' : 'alert-circle-outline'} />}
        />
        <Card.Content style={styles.cardContent}>
          {offers !== undefined && (
            <Text variant="bodyMedium" numberOfLines={8}>
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
              <Text variant="bodyMedium">{adviceOf(state.error, messages)}</Text>
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

function None({ loaded }: { loaded: BundleInfo | undefined }) {
  const { library } = useMessages();
  const { colors } = useTheme();
  return (
    <View style={styles.none}>
      <Icon source="package-variant" size={48} color={colors.onSurfaceVariant} />
      <Text variant="titleMedium">{loaded?.baseName ?? library.none}</Text>
      <Text variant="bodyMedium" style={[styles.centred, { color: colors.onSurfaceVariant }]}>
        {loaded ? library.given : library.noneHint}
      </Text>
    </View>
  );
}

function Unfinished({ unfinished, onResume, onForget }: { unfinished: UnfinishedImport; onResume: () => void; onForget: () => void }) {
  const { library } = useMessages();
  const { colors } = useTheme();
  return (
    <View role="status" style={[styles.importing, { backgroundColor: colors.elevation.level2 }]}>
      <Text variant="titleSmall">{library.unfinished}</Text>
      {unfinished.name !== '' && (
        <Text variant="bodyMedium" numberOfLines={2}>
          {unfinished.name}
        </Text>
      )}
      <View style={styles.choices}>
        <Button mode="text" onPress={onForget} contentStyle={styles.target}>
          {library.forget}
        </Button>
        <Button mode="contained-tonal" icon="import" onPress={onResume} contentStyle={styles.target}>
          {library.resume}
        </Button>
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: 16, gap: 12, width: '100%', maxWidth: 720, alignSelf: 'center' },
  list: { gap: 12 },
  importing: { borderRadius: 16, padding: 16, gap: 8 },
  card: { borderRadius: 16 },
  cardContent: { gap: 8 },
  choices: { flexDirection: 'row', flexWrap: 'wrap', justifyContent: 'flex-end', gap: 8 },
  none: { alignItems: 'center', gap: 12, padding: 32 },
  centred: { textAlign: 'center' },
  loading: { marginTop: 48 },
  target: { minHeight: TOUCH_TARGET },
});
