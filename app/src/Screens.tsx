import { NavigationContainer, StackActions, useNavigationContainerRef, type Theme as NavigationTheme } from '@react-navigation/native';
import { createNativeStackNavigator, type NativeStackScreenProps as ScreenProps } from '@react-navigation/native-stack';
import { useEffect, useMemo, useRef } from 'react';
import { useTheme } from 'react-native-paper';

import type { BundleInfo, Core } from './core/contract';
import type { Device } from './core/device';
import { bundleOf } from './core/model';
import { BenchmarkScreen } from './features/benchmark/BenchmarkScreen';
import { ALL } from './features/conversation/range';
import type { Sample } from './features/conversation/conversation';
import { InputScreen } from './features/conversation/InputScreen';
import { EntryScreen } from './features/history/EntryScreen';
import { HistoryScreen } from './features/history/HistoryScreen';
import { markdownOf } from './features/history/markdown';
import { HomeScreen } from './features/home/HomeScreen';
import { firstChoice } from './features/choice/choice';
import { tasksName } from './features/choice/names';
import { outputsOf } from './features/choice/outputs';
import { LibraryScreen } from './features/library/LibraryScreen';
import { AboutScreen, LicencesScreen } from './features/settings/InfoScreens';
import { LinkSetting, SettingsScreen } from './features/settings/SettingsScreen';
import { useDates, useLanguageName, useMessages } from './i18n';
import type { Services } from './services';
import { useReducedMotion } from './ui/useReducedMotion';
import { useStore } from './ui/useStore';

type Routes = {
  home: undefined;
  input: undefined;
  history: undefined;
  entry: { id: string };
  settings: undefined;
  library: undefined;
  benchmark: undefined;
  about: undefined;
  licences: undefined;
};

const Stack = createNativeStackNavigator<Routes>();

type Props = { services: Services; core: Core; device: Device; samples: Sample[] };
type Going = { navigation: ScreenProps<Routes>['navigation'] };

/** The one place that knows how the screens lead to each other. */
export function Screens({ services, core, device, samples }: Props) {
  const { model, answers, conversation, history, notices, preferences, bundles, benchmark } = services;
  const messages = useMessages();
  const reducedMotion = useReducedMotion();
  const theme = useNavigationTheme();
  const container = useFirstScreenFor(useStore(conversation.state)?.id);
  const bundle = useBundle(services);
  const tasks = bundle?.tasks ?? [];
  const choice = useStore(preferences.state).lastChoice ?? (bundle ? firstChoice(outputsOf(bundle)) : null);
  const exportHistory = useExport(services, device, bundle);
  const share = device.shareText;
  const onShare = share && ((text: string) => void share(text).catch(() => undefined)); // the user went back
  const remove = (id: string) =>
    void history.remove(id).then(undo => {
      if (undo) notices.show({ undo: () => void undo() });
    });
  const back = (navigation: Going['navigation']) => () => {
    navigation.goBack();
  };
  return (
    <NavigationContainer ref={container} theme={theme} documentTitle={{ formatter: () => messages.app.name }}>
      <Stack.Navigator screenOptions={{ headerShown: false, animation: reducedMotion ? 'none' : 'default' }}>
        <Stack.Screen name="home">
          {({ navigation }: Going) => (
            <HomeScreen
              {...{ model, answers, conversation, preferences, notices, device }}
              onNew={() => {
                navigation.navigate('input');
              }}
              onHistory={() => {
                navigation.navigate('history');
              }}
              onSettings={() => {
                navigation.navigate('settings');
              }}
              onSetUp={
                bundles &&
                (() => {
                  navigation.navigate('library');
                })
              }
            />
          )}
        </Stack.Screen>
        <Stack.Screen name="input">
          {({ navigation }: Going) => (
            <InputScreen
              samples={samples}
              parseChat={core.parseChat}
              pickChat={device.pickChat}
              onChoose={chosen => {
                // A file may be read after the user has left.
                if (!navigation.isFocused()) return;
                conversation.open(chosen);
                navigation.popToTop();
              }}
              onBack={back(navigation)}
            />
          )}
        </Stack.Screen>
        <Stack.Screen name="history">
          {({ navigation }: Going) => (
            <HistoryScreen
              history={history}
              tasks={tasks}
              isKept={preferences.state.get().keepHistory}
              onOpen={id => {
                navigation.navigate('entry', { id });
              }}
              onRemove={remove}
              onExport={exportHistory}
              onBack={back(navigation)}
            />
          )}
        </Stack.Screen>
        <Stack.Screen name="entry">
          {({ navigation, route }: ScreenProps<Routes, 'entry'>) => (
            <EntryScreen
              history={history}
              id={route.params.id}
              tasks={tasks}
              onShare={onShare}
              onRemove={() => {
                remove(route.params.id);
                navigation.goBack();
              }}
              onOpen={({ id, input, owner }) => {
                conversation.open({ id: `history-${id}`, input, range: ALL, ...(owner !== undefined && { owner }) });
                navigation.popToTop();
              }}
              onBack={back(navigation)}
            />
          )}
        </Stack.Screen>
        <Stack.Screen name="settings">
          {({ navigation }: Going) => (
            <SettingsScreen
              preferences={preferences}
              choice={choice}
              device={device}
              onBack={back(navigation)}
              onAbout={() => {
                navigation.navigate('about');
              }}
              onLicences={() => {
                navigation.navigate('licences');
              }}>
              {bundles && (
                <LinkSetting
                  title={messages.settings.bundles}
                  icon="package-variant"
                  onPress={() => {
                    navigation.navigate('library');
                  }}
                />
              )}
              <LinkSetting
                title={messages.settings.benchmark}
                icon="speedometer"
                onPress={() => {
                  navigation.navigate('benchmark');
                }}
              />
            </SettingsScreen>
          )}
        </Stack.Screen>
        {bundles && (
          <Stack.Screen name="library">{({ navigation }: Going) => <LibraryScreen bundles={bundles} loaded={bundle} onBack={back(navigation)} />}</Stack.Screen>
        )}
        <Stack.Screen name="benchmark">
          {({ navigation }: Going) => (
            <BenchmarkScreen benchmark={benchmark} bundle={bundle} choice={choice} samples={samples} saveFile={device.saveFile} onBack={back(navigation)} />
          )}
        </Stack.Screen>
        <Stack.Screen name="about">{({ navigation }: Going) => <AboutScreen bundle={bundle} onBack={back(navigation)} />}</Stack.Screen>
        <Stack.Screen name="licences">{({ navigation }: Going) => <LicencesScreen onBack={back(navigation)} />}</Stack.Screen>
      </Stack.Navigator>
    </NavigationContainer>
  );
}

/** The first screen comes to the top for another conversation, which may come from another app while any screen is there. */
function useFirstScreenFor(id: string | undefined) {
  const container = useNavigationContainerRef<Routes>();
  const shown = useRef(id);
  useEffect(() => {
    if (shown.current !== id && container.isReady() && container.canGoBack()) container.dispatch(StackActions.popToTop());
    shown.current = id;
  }, [id, container]);
  return container;
}

function useBundle({ model }: Services): BundleInfo | undefined {
  return bundleOf(useStore(model.state));
}

function useExport({ history, notices }: Services, { saveFile }: Device, bundle: BundleInfo | undefined): (() => void) | undefined {
  const messages = useMessages();
  const languageName = useLanguageName();
  const { moment } = useDates();
  if (!saveFile) return undefined;
  const save = async () => {
    const { title, from } = messages.history;
    const tasks = (ids: readonly string[]) => tasksName(ids, bundle?.tasks ?? [], messages, languageName);
    const text = await markdownOf(history.all(), { title: `${messages.app.name}: ${title}`, from, moment, tasks });
    if (await saveFile('tandem.md', 'text/markdown', text)) notices.show('exported');
  };
  return () => void save().catch(notices.showFailure);
}

/** The colours of what shows between two screens. */
function useNavigationTheme(): NavigationTheme {
  const { colors, dark, fonts } = useTheme();
  return useMemo(() => {
    const { fontFamily } = fonts.default;
    const font = (fontWeight: '400' | '500' | '700' | '800') => ({ fontFamily, fontWeight });
    return {
      dark,
      colors: {
        primary: colors.primary,
        background: colors.background,
        card: colors.elevation.level2,
        text: colors.onSurface,
        border: colors.outlineVariant,
        notification: colors.error,
      },
      fonts: { regular: font('400'), medium: font('500'), bold: font('700'), heavy: font('800') },
    };
  }, [colors, dark, fonts]);
}
