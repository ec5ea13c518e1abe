import { StyleSheet, View } from 'react-native';
import { Button, Icon, Text, useTheme } from 'react-native-paper';

import type { ModelState } from '../../core/model';
import { useMessages } from '../../i18n';
import { ErrorCard } from '../../ui/ErrorCard';
import { TOUCH_TARGET } from '../../ui/touchTarget';

type Props = {
  state: ModelState;
  onRetry: () => void;
  /** Absent where no bundle can be imported. */
  onSetUp: (() => void) | undefined;
};

/** Why there is no model, and what to do: on a first start that one is missing, later that one failed. */
export function ModelProblem({ state, onRetry, onSetUp }: Props) {
  const { library } = useMessages();
  if (state.kind !== 'failed' && state.kind !== 'missing') return null;
  return (
    <View style={styles.problem}>
      {state.kind === 'failed' ? <ErrorCard error={state.error} onRetry={onRetry} /> : <Missing />}
      {onSetUp && (
        <Button mode="contained" icon="package-variant" onPress={onSetUp} contentStyle={styles.target}>
          {library.setUp}
        </Button>
      )}
    </View>
  );
}

function Missing() {
  const { library } = useMessages();
  const { colors } = useTheme();
  return (
    <View role="status" style={[styles.missing, { backgroundColor: colors.secondaryContainer }]}>
      <View style={styles.title}>
        <Icon source="package-variant" size={24} color={colors.onSecondaryContainer} />
        <Text variant="titleMedium" style={[styles.titleText, { color: colors.onSecondaryContainer }]}>
          {library.none}
        </Text>
      </View>
      <Text variant="bodyMedium" style={{ color: colors.onSecondaryContainer }}>
        {library.noneHint}
      </Text>
    </View>
  );
}

const styles = StyleSheet.create({
  problem: { paddingHorizontal: 16, gap: 8 },
  missing: { borderRadius: 16, padding: 16, gap: 8 },
  title: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  titleText: { flex: 1 },
  target: { minHeight: TOUCH_TARGET },
});
