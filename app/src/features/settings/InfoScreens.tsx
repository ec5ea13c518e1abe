import type { ReactNode } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { List, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import { version } from '../../../package.json';
import type { BundleInfo } from '../../core/contract';
import { useLanguageName, useMessages, useNumbers } from '../../i18n';
import { ScreenHeader } from '../../ui/ScreenHeader';
import { offersOf } from '../choice/names';

import { coreLibraries, libraries } from './licences';

/** What the app is, and the card of the bundle in use. */
export function AboutScreen({ bundle, onBack }: { bundle: BundleInfo | undefined; onBack: () => void }) {
  const messages = useMessages();
  const { about } = messages;
  const number = useNumbers();
  const languageName = useLanguageName();
  return (
    <InfoScreen title={about.title} onBack={onBack}>
      <Text variant="bodyLarge" style={styles.text}>
        {about.text}
      </Text>
      <Text variant="bodyMedium" style={styles.text}>
        {messages.settings.version(version)}
      </Text>
      <Text variant="titleMedium" role="heading" aria-level={2} style={styles.text}>
        {about.bundle}
      </Text>
      {bundle ? (
        <View>
          <List.Item title={about.base} description={bundle.baseName} />
          <List.Item title={about.size} description={about.sizeOf(number(bundle.baseBytes / 1e6))} />
          <List.Item title={about.tool} description={bundle.toolVersion} />
          <List.Item title={about.signature} description={bundle.signed ? about.signed : about.unsigned} />
          <List.Item title={about.offers} description={offersOf(bundle, messages, languageName).join('\n')} descriptionNumberOfLines={100} />
        </View>
      ) : (
        <Text variant="bodyMedium" style={styles.text}>
          {about.noBundle}
        </Text>
      )}
      <Text variant="bodyMedium" style={styles.text}>
        {about.terms}
      </Text>
    </InfoScreen>
  );
}

export function LicencesScreen({ onBack }: { onBack: () => void }) {
  const { licences } = useMessages();
  return (
    <InfoScreen title={licences.title} onBack={onBack}>
      <Text variant="bodyLarge" style={styles.text}>
        {licences.own}
      </Text>
      <View>
        {[...libraries, ...coreLibraries].map(({ name, licence }) => (
          <List.Item key={name} title={name} titleNumberOfLines={2} description={licence} />
        ))}
      </View>
    </InfoScreen>
  );
}

function InfoScreen({ title, onBack, children }: { title: string; onBack: () => void; children: ReactNode }) {
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={title} onBack={onBack} />
      <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} tabIndex={0}>
        {children}
      </ScrollView>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { paddingVertical: 16, gap: 12, width: '100%', maxWidth: 720, alignSelf: 'center' },
  text: { paddingHorizontal: 16 },
});
