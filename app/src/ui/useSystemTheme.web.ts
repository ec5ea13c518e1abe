import { useEffect } from 'react';

/** As useSystemTheme.ts, in a browser: of its scroll bars. */
export function useSystemTheme(theme: 'system' | 'light' | 'dark'): void {
  useEffect(() => {
    document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
  }, [theme]);
}
