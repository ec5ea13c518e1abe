import { MD3DarkTheme, MD3LightTheme, type MD3Theme } from 'react-native-paper';

/** Material 3 tones of one seed colour, a dark green-blue. */
const light: Partial<MD3Theme['colors']> = {
  primary: '#006a60',
  onPrimary: '#ffffff',
  primaryContainer: '#9ef2e4',
  onPrimaryContainer: '#00201c',
  secondary: '#4a635f',
  secondaryContainer: '#cce8e2',
  onSecondaryContainer: '#05201c',
  tertiary: '#456179',
  tertiaryContainer: '#cce5ff',
  onTertiaryContainer: '#001e31',
  background: '#f4fbf8',
  onBackground: '#161d1b',
  surface: '#f4fbf8',
  onSurface: '#161d1b',
  surfaceVariant: '#dae5e1',
  onSurfaceVariant: '#3f4947',
  outline: '#6f7977',
  outlineVariant: '#bec9c6',
  elevation: { level0: 'transparent', level1: '#eff5f2', level2: '#e9efec', level3: '#e3eae7', level4: '#e1e7e4', level5: '#dde4e1' },
};

const dark: Partial<MD3Theme['colors']> = {
  primary: '#82d5c8',
  onPrimary: '#003731',
  primaryContainer: '#005048',
  onPrimaryContainer: '#9ef2e4',
  secondary: '#b1ccc6',
  onSecondary: '#1c3531',
  secondaryContainer: '#334b47',
  onSecondaryContainer: '#cce8e2',
  tertiary: '#adcae6',
  onTertiary: '#153349',
  tertiaryContainer: '#2d4961',
  onTertiaryContainer: '#cce5ff',
  background: '#0e1513',
  onBackground: '#dde4e1',
  surface: '#0e1513',
  onSurface: '#dde4e1',
  surfaceVariant: '#3f4947',
  onSurfaceVariant: '#bec9c6',
  outline: '#899390',
  outlineVariant: '#3f4947',
  elevation: { level0: 'transparent', level1: '#171d1b', level2: '#1b211f', level3: '#252b2a', level4: '#282e2c', level5: '#303634' },
};

export function themeFor(scheme: string | null | undefined, reducedMotion: boolean): MD3Theme {
  const base = scheme === 'dark' ? MD3DarkTheme : MD3LightTheme;
  return { ...base, animation: { scale: reducedMotion ? 0 : 1 }, colors: { ...base.colors, ...(scheme === 'dark' ? dark : light) } };
}
