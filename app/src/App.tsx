import { useEffect, useMemo, useState } from 'react';
import { useColorScheme } from 'react-native';
import { PaperProvider } from 'react-native-paper';
import { SafeAreaProvider } from 'react-native-safe-area-context';

import type { Core } from './core/contract';
import { Model } from './core/model';
import type { Sample } from './features/conversation/conversation';
import { Summary } from './features/summary/summary';
import { SummaryScreen } from './features/summary/SummaryScreen';
import { deviceLocale, I18nContext, messagesFor } from './i18n';
import type { LanguageName } from './i18n/languageName';
import { icon } from './ui/icon';
import { themeFor } from './ui/theme';

/** What differs between the phone, the browser and tests. */
export type AppProps = { core: Core; languageName: LanguageName; samples: Sample[] };

export function App({ core, languageName, samples }: AppProps) {
  const scheme = useColorScheme();
  const theme = useMemo(() => themeFor(scheme), [scheme]);
  const i18n = useMemo(() => ({ locale: deviceLocale(), messages: messagesFor(deviceLocale()) }), []);
  const [model] = useState(() => new Model(core));
  const [summary] = useState(() => new Summary(model));

  useEffect(() => {
    model.load().catch(() => undefined); // the model's state tells
    return () => {
      model.close();
    };
  }, [model]);

  return (
    <I18nContext.Provider value={i18n}>
      <SafeAreaProvider>
        <PaperProvider theme={theme} settings={{ icon }}>
          <SummaryScreen model={model} summary={summary} samples={samples} languageName={languageName} parseChat={core.parseChat} />
        </PaperProvider>
      </SafeAreaProvider>
    </I18nContext.Provider>
  );
}
