import { ScrollView, StyleSheet } from 'react-native';

import { useMessages, type Messages } from '../../i18n';
import type { LanguageName } from '../../i18n/languageName';
import { Choice } from '../../ui/Choice';

import type { Output } from './outputs';

/** What the user reads for an output: languages in their own name, tones in the interface's language. */
export function outputName(output: Output, messages: Messages, languageName: LanguageName): string {
  if (output.extras.length === 0) return messages.output.original;
  return output.extras.map(({ id, languageTag }) => (languageTag === undefined ? (messages.output.tones[id] ?? id) : languageName(languageTag))).join(' · ');
}

type Props = { outputs: Output[]; selected: Output | undefined; languageName: LanguageName; onSelect: (output: Output) => void };

/** Chooses among the bundle's outputs. */
export function OutputPicker({ outputs, selected, languageName, onSelect }: Props) {
  const messages = useMessages();
  return (
    <ScrollView
      horizontal
      showsHorizontalScrollIndicator={false}
      style={styles.picker}
      role="radiogroup"
      aria-label={messages.output.label}
      contentContainerStyle={styles.row}>
      {outputs.map(output => (
        <Choice
          key={output.id}
          label={outputName(output, messages, languageName)}
          selected={output.id === selected?.id}
          onPress={() => {
            onSelect(output);
          }}
        />
      ))}
    </ScrollView>
  );
}

const styles = StyleSheet.create({
  picker: { flexGrow: 0 },
  row: { gap: 8, paddingHorizontal: 16 },
});
