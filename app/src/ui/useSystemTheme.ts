import { useEffect } from 'react';
import { Appearance } from 'react-native';

/** What the system draws around the app, as its navigation buttons, is of the theme that the user has set. */
export function useSystemTheme(theme: 'system' | 'light' | 'dark'): void {
  useEffect(() => {
    Appearance.setColorScheme(theme === 'system' ? 'auto' : theme);
  }, [theme]);
}
