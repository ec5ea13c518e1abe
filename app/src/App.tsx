import { useEffect, useMemo, useState } from 'react';
import { KeyboardAvoidingView, StatusBar, useColorScheme, View } from 'react-native';
import { PaperProvider, ThemeProvider } from 'react-native-paper';
import { SafeAreaProvider } from 'react-native-safe-area-context';

import type { Core } from './core/contract';
import type { Device } from './core/device';
import type { Storage } from './core/storage/storage';
import type { Sample } from './features/conversation/conversation';
import { LockGate } from './features/lock/LockGate';
import { NoticeBar } from './features/notice/NoticeBar';
import { I18nContext, localeFor, messagesFor, type I18n } from './i18n';
import type { LanguageName } from './i18n/languageName';
import { KeptServices } from './keptServices';
import { Screens } from './Screens';
import type { Services } from './services';
import { icon } from './ui/icon';
import { ScreenArea } from './ui/ScreenArea';
import { themeFor } from './ui/theme';
import { useReducedMotion } from './ui/useReducedMotion';
import { useStore } from './ui/useStore';
import { useSystemTheme } from './ui/useSystemTheme';

/** What differs between the phone, the browser and tests. */
export type AppProps = {
  core: Core;
  device: Device;
  languageName: LanguageName;
  openStorage: () => Promise<Storage>;
  /** As `StoragePlace.startNew`; absent where the storage always opens. */
  startNewStorage?: () => Promise<Storage>;
  samples: Sample[];
  /** What outlives the app's screens, as on the phone; without it, the app opens its own and closes it when it goes away. */
  kept?: KeptServices;
  /** Called with the locale of the interface, also when it changes. */
  onLocale?: (locale: string) => void;
};

export function App(props: AppProps) {
  const { core, device, openStorage, startNewStorage, samples, kept } = props;
  const [keeper] = useState(() => kept ?? new KeptServices({ core, device, samples, openStorage, startNewStorage }));
  const [services, setServices] = useState<Services>();
  const [starts, setStarts] = useState(1);

  useEffect(() => {
    let ended = false;
    const restart = () => {
      setServices(undefined);
      setStarts(count => count + 1);
    };
    void keeper.open(restart).then(ready => {
      if (ended) return;
      ready.model.load().catch(() => undefined); // the model's state tells
      setServices(ready);
    });
    return () => {
      ended = true;
    };
  }, [keeper, starts]);

  useEffect(() => {
    if (keeper === kept) return undefined;
    return () => {
      keeper.close();
    };
  }, [keeper, kept]);

  const scheme = useColorScheme();
  // The settings are read in an instant; what they decide must not be seen before.
  if (!services) return <View style={{ flex: 1, backgroundColor: themeFor(scheme, false).colors.background }} />;
  return <Ready {...props} services={services} />;
}

function Ready({ core, device, languageName, samples, services, onLocale }: AppProps & { services: Services }) {
  const { language, theme: chosenTheme, appLock } = useStore(services.preferences.state);
  const systemScheme = useColorScheme();
  const reducedMotion = useReducedMotion();
  const scheme = chosenTheme === 'system' ? systemScheme : chosenTheme;
  const theme = useMemo(() => themeFor(scheme, reducedMotion), [scheme, reducedMotion]);
  const locale = localeFor(language);
  useSystemTheme(chosenTheme);
  const i18n = useMemo<I18n>(() => ({ locale, messages: messagesFor(locale), languageName }), [locale, languageName]);

  useEffect(() => {
    onLocale?.(locale);
  }, [onLocale, locale]);

  useEffect(() => {
    device.secureWindow?.hideInRecents(appLock);
  }, [device, appLock]);

  return (
    <I18nContext.Provider value={i18n}>
      <SafeAreaProvider>
        <StatusBar barStyle={theme.dark ? 'light-content' : 'dark-content'} />
        {/* Edge to edge, Android makes no room for the keyboard. Around Paper's provider, so that dialogs too stand above it. */}
        <KeyboardAvoidingView behavior="padding" style={{ flex: 1 }}>
          <PaperProvider theme={theme} settings={{ icon }}>
            {/* Paper sets the speed of its animations anew in a theme that it is given, and asks the system for less motion only without one. */}
            <ThemeProvider theme={theme}>
              <LockGate lock={appLock ? device.appLock : undefined}>
                <ScreenArea>
                  <Screens services={services} core={core} device={device} samples={samples} />
                </ScreenArea>
                <NoticeBar notices={services.notices} />
              </LockGate>
            </ThemeProvider>
          </PaperProvider>
        </KeyboardAvoidingView>
      </SafeAreaProvider>
    </I18nContext.Provider>
  );
}
