import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { AppState, StyleSheet, View } from 'react-native';
import { Button, Icon, Text, useTheme } from 'react-native-paper';

import type { AppLock } from '../../core/device';
import { useMessages } from '../../i18n';
import { TOUCH_TARGET } from '../../ui/touchTarget';

/** How long the app may be out of sight before it asks again, in milliseconds: the user may be picking a file. */
const GRACE = 60_000;

type Props = { lock: AppLock | undefined; children: ReactNode };

/** Shows what it holds when the user has unlocked it; without a lock, always. */
export function LockGate({ lock, children }: Props) {
  const messages = useMessages();
  const { colors } = useTheme();
  // Whoever switches the lock on has just been asked.
  const [open, setOpen] = useState(lock === undefined);
  const left = useRef<number>(undefined);

  const unlock = useCallback(async () => {
    // Without a screen lock of the phone there is nothing to ask for, and the user must not be shut out.
    if (lock) setOpen(!lock.available() || (await lock.unlock(messages.lock.prompt).catch(() => false)));
  }, [lock, messages]);

  useEffect(() => {
    // Opened by what the phone answers, which is no state of this screen.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    if (!open) void unlock();
  }, [open, unlock]);

  useEffect(() => {
    const subscription = AppState.addEventListener('change', state => {
      if (state === 'background') left.current = Date.now();
      if (state === 'active' && left.current !== undefined) {
        if (Date.now() - left.current > GRACE) setOpen(false);
        left.current = undefined;
      }
    });
    return () => {
      subscription.remove();
    };
  }, []);

  if (!lock || open) return children;
  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <Icon source="lock-outline" size={48} color={colors.primary} />
      <Text variant="titleLarge" role="heading" aria-level={1}>
        {messages.lock.title}
      </Text>
      <Button mode="contained" onPress={() => void unlock()} contentStyle={styles.target}>
        {messages.lock.unlock}
      </Button>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 16, padding: 24 },
  target: { minHeight: TOUCH_TARGET },
});
