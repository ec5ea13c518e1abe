import { ScrollView, StyleSheet, View } from 'react-native';

import { useLanguageName, useMessages } from '../../i18n';
import { Choice as Chip } from '../../ui/Choice';

import { choose, chooseSeveral, offersSeveral, type Choice } from './choice';
import { mainTaskName, taskName } from './names';
import { mainTasks, optionOf, optionsOf, type Aspect, type Option, type Output } from './outputs';

type Props = { outputs: Output[]; output: Output; choice: Choice; onChoose: (choice: Choice) => void };

/** What to write, in which language and tone: a row each, where the bundle leaves a choice. */
export function ChoicePicker({ outputs, output, choice, onChoose }: Props) {
  const messages = useMessages();
  const tasks = mainTasks(outputs);
  return (
    <View style={styles.rows}>
      {tasks.length > 1 && (
        <Row label={messages.choice.task}>
          {tasks.map(id => (
            <Chip
              key={id}
              label={mainTaskName(id, messages)}
              selected={id === output.mainTask}
              onPress={() => {
                onChoose(choose(outputs, choice, { mainTask: id }));
              }}
            />
          ))}
        </Row>
      )}
      <AspectRow aspect="language" outputs={outputs} output={output} choice={choice} onChoose={onChoose} />
      <AspectRow aspect="tone" outputs={outputs} output={output} choice={choice} onChoose={onChoose} />
    </View>
  );
}

function AspectRow({ aspect, outputs, output, choice, onChoose }: Props & { aspect: Aspect }) {
  const messages = useMessages();
  const languageName = useLanguageName();
  const options = optionsOf(outputs, output.mainTask, aspect);
  if (options.length < 2) return null;
  const none = aspect === 'language' ? messages.choice.original : messages.choice.plain;
  const nameOf = ({ tasks }: Option) => (tasks.length === 0 ? none : tasks.map(task => taskName(task, messages, languageName)).join(' + '));
  const isSeveral = choice.several === aspect;
  return (
    <Row label={messages.choice[aspect]}>
      {options.map(option => (
        <Chip
          key={option.key}
          label={nameOf(option)}
          selected={!isSeveral && option.key === optionOf(output, aspect).key}
          onPress={() => {
            onChoose(choose(outputs, { ...choice, mainTask: output.mainTask }, { [aspect]: option.key }));
          }}
        />
      ))}
      {(isSeveral || offersSeveral(outputs, output.mainTask, aspect)) && (
        <Chip
          label={messages.choice.allOf[aspect]}
          selected={isSeveral}
          onPress={() => {
            onChoose(chooseSeveral(outputs, choice, aspect));
          }}
        />
      )}
    </Row>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <ScrollView
      horizontal
      showsHorizontalScrollIndicator={false}
      keyboardShouldPersistTaps="handled"
      style={styles.row}
      role="radiogroup"
      aria-label={label}
      contentContainerStyle={styles.content}>
      {children}
    </ScrollView>
  );
}

const styles = StyleSheet.create({
  rows: { gap: 8 },
  row: { flexGrow: 0 },
  content: { gap: 8, paddingHorizontal: 16 },
});
