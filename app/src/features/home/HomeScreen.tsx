import { useState } from 'react';
import { ScrollView, StyleSheet, useWindowDimensions, View } from 'react-native';
import { Button, Icon, Surface, Text, useTheme } from 'react-native-paper';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import type { Device } from '../../core/device';
import { bundleOf, type Model, type ModelState } from '../../core/model';
import { useMessages } from '../../i18n';
import { AlertText } from '../../ui/AlertText';
import { HeaderAction, ScreenHeader } from '../../ui/ScreenHeader';
import { TOUCH_TARGET } from '../../ui/touchTarget';
import { useStore } from '../../ui/useStore';
import { AnswerList } from '../answer/AnswerList';
import { isPending, type Answers, type Item } from '../answer/answers';
import { chosenOutput, firstChoice, offeredMode, wanted, type Choice } from '../choice/choice';
import { ChoicePicker } from '../choice/ChoicePicker';
import { ModePicker } from '../choice/ModePicker';
import { startName } from '../choice/names';
import { compositionOf, outputsOf } from '../choice/outputs';
import type { CurrentConversation } from '../conversation/conversation';
import { ConversationBar } from '../conversation/ConversationBar';
import { ConversationList } from '../conversation/ConversationList';
import type { Notices } from '../notice/notices';
import type { PreferenceStore } from '../settings/preferences';

import { ModelProblem } from './ModelProblem';
import { ModelStatus } from './ModelStatus';
import { requestOf, type Made } from './requests';

/** From this width on, conversation and answers stand side by side; in density-independent pixels. */
const WIDE = 840;

/** So many times wider than high, a screen is too low for one above the other; it must have room for two columns, though. */
const LOW = 1.5;
const TWO_COLUMNS = 600;

export type HomeScreenProps = {
  model: Model;
  answers: Answers;
  conversation: CurrentConversation;
  preferences: PreferenceStore;
  notices: Notices;
  device: Device;
  onNew: () => void;
  onHistory: () => void;
  onSettings: () => void;
  /** Absent where no bundle can be imported. */
  onSetUp: (() => void) | undefined;
};

/** A conversation above, what is to be made of it and the answers below. */
export function HomeScreen({ model, answers, conversation: current, preferences, notices, device, onNew, onHistory, onSettings, onSetUp }: HomeScreenProps) {
  const { colors } = useTheme();
  const messages = useMessages();
  const insets = useSafeAreaInsets();
  const { width, height } = useWindowDimensions();
  const wide = width >= WIDE || (width >= TWO_COLUMNS && width >= LOW * height);

  const modelState = useStore(model.state);
  const items = useStore(answers.state);
  const conversation = useStore(current.state);
  const settings = useStore(preferences.state);

  const known = useLastDefined(bundleOf(modelState));
  const outputs = known ? outputsOf(known) : [];
  const choice = settings.lastChoice ?? firstChoice(outputs);
  const output = chosenOutput(outputs, choice);
  const busy = items.some(isPending);
  const stopping = items.some(({ state }) => state.kind === 'running' && state.stopping);

  const choose = (next: Choice) => {
    preferences.set({ lastChoice: next });
  };
  const asked = (made: Made) => conversation && requestOf(made, compositionOf(known, made), conversation, settings, messages.owner.me);
  const start = () => {
    preferences.set({ lastChoice: choice });
    const made = wanted(outputs, choice).map(({ output: { mainTask, extras }, mode }) => ({ mainTask, into: extras.map(({ id }) => id), mode }));
    void answers.start(made.flatMap(each => asked(each) ?? []));
  };
  const share = device.shareText;
  const replace = conversation?.replace;

  return (
    <View style={[styles.screen, { backgroundColor: colors.background }]}>
      <ScreenHeader title={messages.app.name} status={<ModelStatus state={modelState} />}>
        <HeaderAction icon="message-plus-outline" label={messages.conversation.change} onPress={onNew} />
        <HeaderAction icon="history" label={messages.history.title} onPress={onHistory} />
        <HeaderAction icon="cog-outline" label={messages.settings.title} onPress={onSettings} />
      </ScreenHeader>
      <View style={[styles.body, wide && styles.sideBySide]}>
        <View style={styles.conversation}>
          {conversation ? (
            <>
              <ConversationBar
                conversation={conversation}
                onRange={range => {
                  current.setRange(range);
                }}
                onOwner={owner => {
                  current.setOwner(owner);
                  if (owner !== undefined)
                    preferences.set({ ownNames: [owner, ...preferences.state.get().ownNames.filter(name => name !== owner)].slice(0, 5) });
                }}
              />
              <ConversationList conversation={conversation} />
            </>
          ) : (
            <Empty onNew={onNew} />
          )}
        </View>
        <Surface elevation={2} style={[styles.panel, wide ? styles.panelBeside : styles.panelBelow, { paddingBottom: 12 + insets.bottom }]}>
          {items.length > 0 && (
            <View style={[styles.answers, !wide && { maxHeight: height * ANSWERS }]}>
              <AnswerList
                items={items}
                answers={answers}
                renewed={request => asked(request) ?? request}
                bundle={known}
                modelIsLoading={modelState.kind === 'loading'}
                readAloud={device.readAloud}
                onNoVoice={() => {
                  notices.show('no-voice');
                }}
                onShare={share && (text => void share(text).catch(() => undefined)) /* the user went back */}
                onReplace={
                  replace &&
                  (text =>
                    void replace(text).then(
                      written => {
                        notices.show(written ? 'replaced' : 'replace-failed');
                      },
                      () => {
                        notices.show('replace-failed');
                      },
                    ))
                }
              />
            </View>
          )}
          <ScrollView style={styles.choice} contentContainerStyle={styles.choiceContent} keyboardShouldPersistTaps="handled">
            {!items.some(item => isTold(modelState, item)) && (
              <ModelProblem state={modelState} onRetry={() => void model.load().catch(() => undefined)} onSetUp={onSetUp} />
            )}
            {known && !output && <AlertText style={styles.padded}>{messages.choice.none}</AlertText>}
            {output && <ChoicePicker outputs={outputs} output={output} choice={choice} onChoose={choose} />}
          </ScrollView>
          <View style={[styles.padded, styles.actions]}>
            {output && (
              <ModePicker
                composition={output.composition}
                mode={choice.several === 'mode' ? 'all' : offeredMode(output, choice.mode)}
                onSelect={mode => {
                  const { several, ...one } = choice;
                  choose(mode === 'all' ? { ...one, several: 'mode' } : { ...one, mode, ...(several && several !== 'mode' && { several }) });
                }}
              />
            )}
            {busy && (
              <Button
                mode="contained-tonal"
                icon="stop"
                disabled={stopping}
                onPress={() => {
                  answers.stop();
                }}
                style={styles.main}
                contentStyle={styles.target}>
                {stopping ? messages.answer.stopping : messages.answer.stop}
              </Button>
            )}
            {!busy && modelState.kind !== 'missing' && (
              <Button mode="contained" icon="creation" disabled={!output || !conversation} onPress={start} style={styles.main} contentStyle={styles.target}>
                {output ? startName(output.mainTask, messages) : messages.answer.start}
              </Button>
            )}
          </View>
        </Surface>
      </View>
    </View>
  );
}

/** Whether an answer's card tells why the model failed. */
function isTold(model: ModelState, { state, problem }: Item): boolean {
  const error = state.kind === 'failed' ? state.error : problem;
  return model.kind === 'failed' && model.error === error;
}

/** The most of the screen's height that the answers take from the conversation. */
const ANSWERS = 0.42;

/** What the bundle offers stays on the screen when a load has failed. */
function useLastDefined<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}

function Empty({ onNew }: { onNew: () => void }) {
  const messages = useMessages();
  const { colors } = useTheme();
  return (
    <View style={styles.empty}>
      <Icon source="message-text-outline" size={48} color={colors.onSurfaceVariant} />
      <Text variant="titleMedium" style={styles.centred}>
        {messages.conversation.none}
      </Text>
      <Text variant="bodyMedium" style={[styles.centred, { color: colors.onSurfaceVariant }]}>
        {messages.conversation.noneHint}
      </Text>
      <Button mode="contained-tonal" icon="message-plus-outline" onPress={onNew} contentStyle={styles.target}>
        {messages.conversation.change}
      </Button>
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  body: { flex: 1 },
  sideBySide: { flexDirection: 'row' },
  conversation: { flex: 1, minHeight: 96 },
  panel: { paddingTop: 12, gap: 8, flexShrink: 1 },
  panelBelow: { borderTopLeftRadius: 28, borderTopRightRadius: 28 },
  panelBeside: { width: '50%', maxWidth: 420, borderTopLeftRadius: 28, justifyContent: 'flex-end' },
  answers: { flexShrink: 1 },
  choice: { flexGrow: 0, flexShrink: 1 },
  choiceContent: { gap: 8 },
  padded: { paddingHorizontal: 16 },
  actions: { flexDirection: 'row', flexWrap: 'wrap', alignItems: 'center', gap: 8 },
  main: { flexGrow: 1 },
  target: { minHeight: TOUCH_TARGET },
  empty: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 12, padding: 24 },
  centred: { textAlign: 'center' },
});
