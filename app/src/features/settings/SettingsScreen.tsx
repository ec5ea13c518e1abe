import { useState, type ReactNode } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import { List, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { Device } from '../../core/device';
import { catalogues, useMessages, useNumbers } from '../../i18n';
import { languageInItself } from '../../i18n/languageName';
import { ALL_LINES } from '../../ui/lines';
import { ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import type { Choice } from '../choice/choice';

import { CONTEXTS, type PreferenceStore, type Theme } from './preferences';
import { ChoiceSetting, SwitchSetting } from './SettingRow';

/** Values that are offered; 0 stands for null, "leave it to the others". */
const LENGTHS = [0, 32, 64, 128, 256];
const THREADS = [0, 1, 2, 3, 4, 6, 8];
const FREE_AFTER = [0, 1, 5, 15, 60];

type Props = {
  preferences: PreferenceStore;
  /** What is chosen on the first screen. */
  choice: Choice | null;
  device: Device;
  onBack: () => void;
  onAbout: () => void;
  onLicences: () => void;
  /** Screens of the model: set up, benchmark. */ children?: ReactNode;
};

export function SettingsScreen({ preferences, choice, device, onBack, onAbout, onLicences, children }: Props) {
  const messages = useMessages();
  const number = useNumbers();
  const { colors } = useTheme();
  const insets = useSafeAreaInsets();
  const { settings } = messages;
  const current = useStore(preferences.state);
  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={settings.title} onBack={onBack} />
      <ScrollView contentContainerStyle={[styles.content, { paddingBottom: 24 + insets.bottom }]} tabIndex={0}>
        <Section title={settings.look}>
          <ChoiceSetting
            title={settings.language}
            icon="translate"
            options={[{ key: '', title: settings.languageOfPhone }, ...Object.keys(catalogues).map(key => ({ key, title: languageInItself[key] ?? key }))]}
            selected={current.language ?? ''}
            onSelect={key => {
              preferences.set({ language: key === '' ? null : key });
            }}
          />
          <ChoiceSetting<Theme>
            title={settings.theme}
            icon="theme-light-dark"
            options={(['system', 'light', 'dark'] as const).map(key => ({ key, title: settings.themes[key] }))}
            selected={current.theme}
            onSelect={theme => {
              preferences.set({ theme });
            }}
          />
        </Section>
        <Section title={settings.writing}>
          <ChoiceSetting
            title={settings.output}
            icon="format-list-checks"
            options={[{ key: 'last', title: settings.outputLast }, ...(choice ? [{ key: 'this', title: settings.outputThis }] : [])]}
            selected={current.defaultChoice ? 'this' : 'last'}
            onSelect={key => {
              preferences.set({ defaultChoice: key === 'this' ? choice : null });
            }}
          />
          <ChoiceSetting
            title={settings.length}
            icon="text-short"
            options={LENGTHS.map(key => ({ key, title: key === 0 ? settings.lengthOfBundle : settings.lengthOf(number(key)) }))}
            selected={current.maxTokens ?? 0}
            onSelect={key => {
              preferences.set({ maxTokens: orNull(key) });
            }}
          />
        </Section>
        <Section title={settings.model}>
          {children}
          <ChoiceSetting
            title={settings.context}
            icon="text-long"
            hint={settings.contextHint}
            options={[0, ...CONTEXTS].map(key => ({ key, title: key === 0 ? settings.lengthOfBundle : settings.lengthOf(number(key)) }))}
            selected={current.maxPromptTokens ?? 0}
            onSelect={key => {
              preferences.set({ maxPromptTokens: orNull(key) });
            }}
          />
          <ChoiceSetting
            title={settings.threads}
            icon="chip"
            hint={settings.threadsHint}
            options={THREADS.map(key => ({ key, title: key === 0 ? settings.threadsAuto : number(key) }))}
            selected={current.threads ?? 0}
            onSelect={key => {
              preferences.set({ threads: orNull(key) });
            }}
          />
          <ChoiceSetting
            title={settings.free}
            icon="memory"
            options={FREE_AFTER.map(key => ({ key, title: key === 0 ? settings.freeNever : settings.freeAfter(number(key), key) }))}
            selected={current.freeAfterMinutes ?? 0}
            onSelect={key => {
              preferences.set({ freeAfterMinutes: orNull(key) });
            }}
          />
        </Section>
        <Section title={settings.privacy}>
          <SwitchSetting
            title={settings.history}
            icon="history"
            hint={settings.historyHint}
            value={current.keepHistory}
            onChange={keepHistory => {
              preferences.set({ keepHistory });
            }}
          />
          {device.secureWindow && <SecureWindowSetting secureWindow={device.secureWindow} />}
          {device.appLock && <AppLockSetting appLock={device.appLock} preferences={preferences} />}
        </Section>
        <Section title={settings.about}>
          <LinkSetting title={messages.about.title} icon="information-outline" onPress={onAbout} />
          <LinkSetting title={settings.licences} icon="file-document-outline" onPress={onLicences} />
        </Section>
      </ScrollView>
    </View>
  );
}

function SecureWindowSetting({ secureWindow }: { secureWindow: NonNullable<Device['secureWindow']> }) {
  const { secure, secureHint } = useMessages().settings;
  const [on, setOn] = useState(() => secureWindow.isOn());
  return (
    <SwitchSetting
      title={secure}
      icon="eye-off-outline"
      hint={secureHint}
      value={on}
      onChange={value => {
        secureWindow.set(value);
        setOn(value);
      }}
    />
  );
}

function AppLockSetting({ appLock, preferences }: { appLock: NonNullable<Device['appLock']>; preferences: PreferenceStore }) {
  const messages = useMessages();
  const { lock, lockHint, lockMissing } = messages.settings;
  const on = useStore(preferences.state).appLock;
  const [available] = useState(() => appLock.available());
  return (
    <SwitchSetting
      title={lock}
      icon="lock-outline"
      hint={available ? lockHint : lockMissing}
      value={on}
      disabled={!available}
      onChange={value => {
        // Who can switch it, either way, must be the one whom it asks.
        appLock.unlock(messages.lock.prompt).then(
          unlocked => {
            if (unlocked) preferences.set({ appLock: value });
          },
          () => undefined, // as when the user went back
        );
      }}
    />
  );
}

export function LinkSetting({ title, icon, onPress }: { title: string; icon: string; onPress: () => void }) {
  return (
    <List.Item
      title={title}
      titleNumberOfLines={ALL_LINES}
      left={props => <List.Icon {...props} icon={icon} />}
      accessibilityRole="button"
      onPress={onPress}
      style={styles.link}
    />
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const { colors } = useTheme();
  return (
    <List.Section>
      <List.Subheader role="heading" aria-level={2} style={{ color: colors.primary }}>
        {title}
      </List.Subheader>
      {children}
    </List.Section>
  );
}

function orNull(value: number): number | null {
  return value === 0 ? null : value;
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { width: '100%', maxWidth: 720, alignSelf: 'center' },
  link: { minHeight: TOUCH_TARGET, paddingHorizontal: 8 },
});
