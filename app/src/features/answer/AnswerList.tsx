import { ScrollView, StyleSheet, View } from 'react-native';
import { Text, useTheme } from 'react-native-paper';

import type { BundleInfo, RunRequest, Task } from '../../core/contract';
import type { ReadAloud } from '../../core/device';
import { useLanguageName, useMessages } from '../../i18n';
import { ActionButton } from '../../ui/ActionButton';
import { modeTexts, requestTasks, tasksName } from '../choice/names';
import { compositionOf } from '../choice/outputs';

import { AnswerCard } from './AnswerCard';
import { isFinished, type Answers, type Item } from './answers';
import type { Voice } from './ReadAloudButton';
import { worthAgain } from './worthAgain';

type Props = {
  items: readonly Item[];
  answers: Answers;
  /** What a request would be if it were made now. */
  renewed: (request: RunRequest) => RunRequest;
  /** What answers are made with now. */
  bundle: BundleInfo | undefined;
  modelIsLoading: boolean;
  onShare: ((text: string) => void) | undefined;
  onReplace: ((text: string) => void) | undefined;
  readAloud: ReadAloud | undefined;
  /** An answer could not be read aloud. */
  onNoVoice: () => void;
};

/** The answers, a card each. */
export function AnswerList({ items, answers, renewed, bundle, modelIsLoading, onShare, onReplace, readAloud, onNoVoice }: Props) {
  const messages = useMessages();
  const languageName = useLanguageName();
  const { colors } = useTheme();
  const tasks = bundle?.tasks ?? [];
  const voiceFor = (into: readonly string[]): Voice | undefined =>
    readAloud && {
      speak: async text => {
        if (!(await readAloud.speak(text, languageOf(into, tasks)))) onNoVoice();
      },
      stop: readAloud.stop,
    };
  // Where the same is made in several ways, a card says in which.
  const compared = items.length > 1 && new Set(items.map(({ request }) => requestTasks(request).join('+'))).size === 1;
  const noteOf = (request: RunRequest) => {
    const { explained } = modeTexts(request.mode, requestTasks(request), messages);
    return isRecommended(request, bundle) ? `${messages.mode.best}. ${explained}` : explained;
  };
  return (
    <ScrollView contentContainerStyle={styles.list} keyboardShouldPersistTaps="handled" tabIndex={0}>
      {items.map(item => {
        const name = tasksName(requestTasks(item.request), tasks, messages, languageName);
        const { mode } = item.request;
        const now = renewed(item.request);
        const again = () => void answers.again(item.id, now);
        return (
          <AnswerCard
            key={item.id}
            item={item}
            title={compared ? modeTexts(mode, requestTasks(item.request), messages).name : name}
            note={compared ? noteOf(item.request) : undefined}
            modelIsLoading={modelIsLoading}
            onRetry={again}
            use={{
              onAgain: isFinished(item) && worthAgain(item, now, bundle?.id) ? again : undefined,
              onEdit: text => {
                answers.edit(item.id, text);
              },
              onShare,
              onReplace,
              voice: voiceFor(item.request.into),
            }}
          />
        );
      })}
      <View style={styles.foot}>
        <Text variant="bodySmall" style={[styles.check, { color: colors.onSurfaceVariant }]}>
          {messages.answer.check}
        </Text>
        <ActionButton
          icon="close"
          label={messages.answer.clear}
          onPress={() => {
            answers.reset();
          }}
        />
      </View>
    </ScrollView>
  );
}

/** Whether the bundle's own measurements chose this mode for these tasks. */
function isRecommended(request: RunRequest, bundle: BundleInfo | undefined): boolean {
  return compositionOf(bundle, request)?.recommendedMode === request.mode;
}

/** The language that an answer is translated into last; undefined where it stays in its own. */
function languageOf(into: readonly string[], tasks: readonly Task[]): string | undefined {
  return into.flatMap(id => tasks.find(task => task.id === id)?.languageTag ?? []).at(-1);
}

const styles = StyleSheet.create({
  list: { gap: 12, paddingHorizontal: 16 },
  foot: { flexDirection: 'row', alignItems: 'center', gap: 8 },
  check: { flex: 1 },
});
