import MaterialDesignIcons, { type MaterialDesignIconsIconName } from '@react-native-vector-icons/material-design-icons';
import type { ComponentProps } from 'react';
import type { PaperProvider } from 'react-native-paper';

type Settings = NonNullable<ComponentProps<typeof PaperProvider>['settings']>;

/** Icons only repeat what a label says: assistive technology passes over them. */
export const icon: NonNullable<Settings['icon']> = ({ name, color, size }) => (
  <MaterialDesignIcons aria-hidden name={name as MaterialDesignIconsIconName} color={color} size={size} />
);
