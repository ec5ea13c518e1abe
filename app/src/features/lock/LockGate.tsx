import { Activity, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { AppState, StyleSheet, View } from 'react-native';
import { Button, Icon, Portal, Text, useTheme } from 'react-native-paper';

import type { AppLock } from '../../core/device';
import { useMessages } from '../../i18n';
import { TOUCH_TARGET } from '../../ui/touchTarget';

/** How long the app may be out of sight before it asks again, in milliseconds: the user may be picking a file. */
const GRACE = 60_000;

type Props = { lock: AppLock | undefined; children: ReactNode };

/**
 * Shows what it holds when the user has unlocked it; without a lock, always. Locked again, it keeps what was typed and where the user was: nothing of it is
 * drawn or told to assistive technology, and as no effect of it lasts, no dialog stays open in front, nothing is read aloud and Back leads nowhere in it.
 * Out of sight it is only covered: what is read aloud goes on, and nothing flashes up on the way back to the lock.
 */
export function LockGate({ lock, children }: Props) {
  const messages = useMessages();
  // Whoever switches the lock on has just been asked. What was never unlocked is not even made.
  const [state, setState] = useState<'unasked' | 'open' | 'covered' | 'locked'>(lock ? 'unasked' : 'open');
  const hasLock = lock !== undefined;
  const left = useRef(0);
  const { colors } = useTheme();
  const open = state === 'open' || state === 'covered';

  const unlock = useCallback(async () => {
    // Without a screen lock of the phone there is nothing to ask for, and the user must not be shut out.
    if (!lock?.available() || (await lock.unlock(messages.lock.prompt).catch(() => false))) setState('open');
  }, [lock, messages]);

  useEffect(() => {
    // Opened by what the phone answers, which is no state of this screen.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    if (!open) void unlock();
  }, [open, unlock]);

  useEffect(() => {
    const subscription = AppState.addEventListener('change', next => {
      if (next === 'background') {
        left.current = Date.now();
        setState(before => (before === 'open' ? 'covered' : before));
      }
      if (next === 'active') {
        const locks = hasLock && Date.now() - left.current > GRACE;
        setState(before => (before === 'covered' ? (locks ? 'locked' : 'open') : before));
      }
    });
    return () => {
      subscription.remove();
    };
  }, [hasLock]);

  return (
    <>
      {state !== 'unasked' && (
        <View style={open ? styles.open : styles.hidden} importantForAccessibility={open ? 'auto' : 'no-hide-descendants'} aria-hidden={!open}>
          <Activity mode={open ? 'visible' : 'hidden'}>{children}</Activity>
        </View>
      )}
      {hasLock && state === 'covered' && (
        <Portal>
          <View testID="cover" style={[StyleSheet.absoluteFill, { backgroundColor: colors.background }]} />
        </Portal>
      )}
      {!open && <Locked onUnlock={() => void unlock()} />}
    </>
  );
}

function Locked({ onUnlock }: { onUnlock: () => void }) {
  const messages = useMessages();
  const { colors } = useTheme();
  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <Icon source="lock-outline" size={48} color={colors.primary} />
      <Text variant="titleLarge" role="heading" aria-level={1}>
        {messages.lock.title}
      </Text>
      <Button mode="contained" onPress={onUnlock} contentStyle={styles.target}>
        {messages.lock.unlock}
      </Button>
    </View>
  );
}

const styles = StyleSheet.create({
  open: { flex: 1 },
  hidden: { display: 'none' },
  screen: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 16, padding: 24 },
  target: { minHeight: TOUCH_TARGET },
});
