import Clipboard from '@react-native-clipboard/clipboard';
import { act, fireEvent, screen, within } from '@testing-library/react-native';
import { AccessibilityInfo, Dimensions, StyleSheet, type StyleProp, type ViewStyle } from 'react-native';
import { useSafeAreaInsets } from 'react-native-safe-area-context';

import { button, loaded, openApp, pick, press, radio, samples, settle, write } from '../../../jest/renderApp';
import { bundle, largeBundle, statistics } from '../../../jest/scriptedCore';
import type { SharedItem, ShareInbox } from '../../core/device';
import { itemStorage } from '../../core/storage/itemStorage';
import { en } from '../../i18n/en';

const start = en.task.start['summarize'] ?? '';
const shown = () => screen.getAllByTestId('summary').map(({ children }) => children.map(String).join(''));

test('the model is loaded as the app opens, and the screen says so', async () => {
  const core = await openApp();
  expect(core.opening).toHaveLength(1);
  expect(screen.getByText(en.model.loading)).toBeOnTheScreen();
  await loaded(core);
  expect(screen.getByText(en.model.ready)).toBeOnTheScreen();
});

test('the conversation is readable while the model loads, and a tap on the button then waits', async () => {
  const core = await openApp();
  expect(screen.getByText('Shall we go on Friday?')).toBeOnTheScreen();
  await press(start);
  expect(screen.getByText(en.answer.queued)).toBeOnTheScreen();
  await loaded(core);
  expect(core.runs[0]?.request).toEqual({
    input: { kind: 'conversation', messages: samples[0]?.conversation },
    mainTask: 'summarize',
    into: ['es'],
    mode: 'auto',
  });
});

test('the answer is shown as it is written, then with its statistics on demand', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.write('Quedan el '));
  expect(shown()).toEqual(['Quedan el ']);
  await write(core, 'viernes.');
  expect(shown()).toEqual(['Quedan el viernes.']);
  const line = screen.getByTestId('statistics');
  expect(line).toHaveTextContent(`${en.mode.name.calibrated} · 2.7 s`);
  await press(en.answer.details);
  for (const part of ['120', '30', '1.2', '1.5', '20 tokens/s']) expect(screen.getByTestId('statistics')).toHaveTextContent(part, { exact: false });
});

test('what was left out, cut or stopped is said without being asked for', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.write('Quedan'));
  await act(() => core.runs[0]?.finish({ leftOutMessages: 3, inputTruncated: true, finishReason: 'length' }));
  for (const text of [en.answer.leftOut('3', 3), en.answer.truncated, en.answer.cut]) expect(screen.getByText(text)).toBeOnTheScreen();
});

test('Stop keeps what was written and says that it is not the end', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.write('Quedan'));
  await press(en.answer.stop);
  expect(shown()).toEqual(['Quedan']);
  expect(screen.getByText(en.answer.stopped)).toBeOnTheScreen();
  expect(button(start)).toBeEnabled();
});

test('a screen reader says each answer once, when it is there', async () => {
  const said = jest.mocked(AccessibilityInfo.announceForAccessibility);
  said.mockClear();
  const core = await openApp();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.write('Quedan'));
  expect(said).not.toHaveBeenCalled();
  await act(() => core.runs[0]?.write(' el viernes.'));
  await act(() => core.runs[0]?.finish());
  await settle();
  expect(said.mock.calls).toEqual([['Summary · Spanish. Quedan el viernes.']]);
  await press(en.answer.edit);
  await fireEvent.changeText(screen.getByDisplayValue('Quedan el viernes.'), 'Quedan.');
  await press(en.answer.save);
  expect(said).toHaveBeenCalledTimes(1);
});

test('behind a dialog, which takes the focus, a screen reader finds nothing', async () => {
  const focus = jest.mocked(AccessibilityInfo.sendAccessibilityEvent);
  focus.mockClear();
  const core = await openApp();
  await loaded(core);
  await press(en.mode.button(en.mode.name.auto));
  expect(focus.mock.calls).toEqual([[expect.anything(), 'focus']]);
  expect(screen.queryByRole('button', { name: start })).toBeNull();
  expect(radio(new RegExp(en.mode.name.merge))).toBeOnTheScreen();
  await press(en.app.close);
  expect(button(start)).toBeOnTheScreen();
});

describe('on a phone that lies on its side', () => {
  type Node = { parent: Node | null; props: Record<string, unknown> };
  const around = (node: Node | null): ViewStyle[] =>
    node ? [StyleSheet.flatten(node.props['style'] as StyleProp<ViewStyle>) ?? {}, ...around(node.parent)] : [];
  const withinPanel = (styles: ViewStyle[]) =>
    styles.slice(
      0,
      styles.findIndex(({ borderTopLeftRadius }) => borderTopLeftRadius === 28),
    );
  const window = Dimensions.get('window');
  const whole = Dimensions.get('screen');

  beforeEach(() => {
    Dimensions.set({ window: { ...window, width: 780, height: 360 }, screen: whole });
  });
  afterEach(async () => {
    await act(() => {
      Dimensions.set({ window, screen: whole });
    });
  });

  test('the answers stand beside the conversation, and what is above the button gives way to it', async () => {
    const core = await openApp();
    await loaded(core);
    await press(start);
    await write(core, 'Quedan.');
    expect(around(button(start))).toContainEqual(expect.objectContaining({ flexDirection: 'row', flex: 1 }));
    for (const above of [screen.getByTestId('summary'), radio('Spanish')])
      expect(withinPanel(around(above))).toContainEqual(expect.objectContaining({ flexShrink: 1 }));
    expect(withinPanel(around(button(start)))).not.toContainEqual(expect.objectContaining({ flexShrink: 1 }));
  });

  test('nothing lies under the system’s bar at the side', async () => {
    jest.mocked(useSafeAreaInsets).mockReturnValueOnce({ top: 0, bottom: 0, left: 0, right: 48 });
    await openApp();
    expect(around(button(start))).toContainEqual(expect.objectContaining({ paddingRight: 48 }));
  });
});

test('the answer can be copied, shared, made again and edited', async () => {
  const shared: string[] = [];
  const core = await openApp({ device: { shareText: text => Promise.resolve(void shared.push(text)) } });
  await loaded(core);
  await press(start);
  await write(core, 'Quedan.');
  await press(en.answer.copy);
  expect(Clipboard.setString).toHaveBeenLastCalledWith('Quedan.');
  expect(button(en.answer.copied)).toBeOnTheScreen();
  await press(en.answer.edit);
  await fireEvent.changeText(screen.getByDisplayValue('Quedan.'), 'Quedan el viernes.');
  await press(en.answer.save);
  expect(shown()).toEqual(['Quedan el viernes.']);
  expect(screen.getByText(en.answer.edited)).toBeOnTheScreen();
  await press(en.answer.share);
  expect(shared).toEqual(['Quedan el viernes.']);
  await press(en.answer.again);
  expect(core.runs).toHaveLength(2);
});

test('an answer is read aloud in its language until it is stopped, or is told that no voice can', async () => {
  const spoken: unknown[] = [];
  let end: (read: boolean) => void = () => undefined;
  const readAloud = {
    speak: (...of: unknown[]) => new Promise<boolean>(resolve => (spoken.push(of), (end = resolve))),
    stop: () => {
      end(true);
    },
  };
  const core = await openApp({ device: { readAloud } });
  await loaded(core);
  await press(start);
  await write(core, 'Quedan.');
  await press(en.answer.readAloud);
  expect(spoken).toEqual([['Quedan.', 'es']]);
  await press(en.answer.stopReading);
  await press(en.answer.readAloud);
  end(false);
  await settle();
  expect(button(en.answer.readAloud)).toBeEnabled();
  expect(screen.getByText(en.notice.noVoice)).toBeOnTheScreen();
});

test('an answer that goes away is read no further', async () => {
  let stops = 0;
  const readAloud = { speak: () => new Promise<boolean>(() => undefined), stop: () => void (stops += 1) };
  const core = await openApp({ device: { readAloud } });
  await loaded(core);
  await press(start);
  await write(core, 'Quedan.');
  await press(en.answer.readAloud);
  await press(en.answer.clear);
  expect(stops).toBe(1);
});

test('what the system does not have is not offered', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await write(core, 'Quedan.');
  for (const name of [en.answer.share, en.answer.replace, en.answer.readAloud]) expect(screen.queryByRole('button', { name })).toBeNull();
});

describe('the choice', () => {
  test('is what the bundle offers: tasks, languages and tones, known by name or by id', async () => {
    const core = await openApp({ offered: largeBundle });
    await loaded(core);
    const names = screen.getAllByRole('radio').map(({ props }) => props['accessibilityLabel'] as string);
    expect(names).toEqual([
      'Summary',
      'Reply',
      en.choice.original,
      'Spanish',
      'French',
      en.choice.allOf.language,
      en.choice.plain,
      'Witty',
      'pirate',
      en.choice.allOf.tone,
    ]);
  });

  test('of a composition of three tasks is made by choosing language and tone', async () => {
    const core = await openApp({ offered: largeBundle });
    await loaded(core);
    await pick('French');
    await pick('Witty');
    await press(start);
    expect(core.runs[0]?.request.into).toEqual(['witty', 'fr']);
    expect(screen.getByText('Summary · Witty · French')).toBeOnTheScreen();
  });

  test('of a reply is written for the owner of the conversation', async () => {
    const core = await openApp({ offered: largeBundle });
    await loaded(core);
    await pick('Reply');
    await press(en.owner.button('Bea'));
    await pick('Ana');
    await press(en.task.start['reply'] ?? '');
    expect(core.runs[0]?.request).toMatchObject({ mainTask: 'reply', into: ['es'], replySpeaker: 'Ana' });
  });

  test('of all languages fills a card each, the visible one first', async () => {
    const core = await openApp({ offered: largeBundle });
    await loaded(core);
    await pick('French');
    await pick(en.choice.allOf.language);
    await press(start);
    expect(shown()).toEqual([en.answer.reading, en.answer.next, en.answer.next]);
    for (const text of ['un', 'deux', 'trois']) await write(core, text);
    expect(core.runs.map(({ request: { into } }) => into)).toEqual([['fr'], [], ['es']]);
    expect(shown()).toEqual(['un', 'deux', 'trois']);
  });

  test('of all methods shows them side by side with time and note', async () => {
    const core = await openApp();
    await loaded(core);
    await press(en.mode.button(en.mode.name.auto));
    await pick(new RegExp(en.choice.allOf.mode));
    await press(start);
    for (const mode of bundle.compositions[1]?.modes ?? []) {
      expect(core.runs.at(-1)?.request.mode).toBe(mode);
      await act(() => core.runs.at(-1)?.write(mode));
      await act(() => core.runs.at(-1)?.finish({ ...statistics, mode }));
      await settle();
      const recommended = mode === bundle.compositions[1]?.recommendedMode;
      expect(screen.getByText(`${recommended ? `${en.mode.best}. ` : ''}${en.mode.explained[mode]}`)).toBeOnTheScreen();
    }
    expect(screen.getAllByTestId('statistics')).toHaveLength(4);
  });

  test('of a method that the output does not offer is not sent', async () => {
    const core = await openApp();
    await loaded(core);
    await press(en.mode.button(en.mode.name.auto));
    await pick(new RegExp(en.mode.name['two-step']));
    await press(start);
    expect(core.runs[0]?.request.mode).toBe('two-step');
    await act(() => core.runs[0]?.finish());
    await pick(en.choice.original);
    await press(start);
    expect(core.runs[1]?.request.mode).toBe('auto');
  });

  test('is remembered: after the next start one tap repeats it', async () => {
    const storage = itemStorage(new Map());
    const first = await openApp({ offered: largeBundle, storage });
    await loaded(first);
    await pick('French');
    await pick('Witty');
    await press(start);
    await screen.unmount();
    const second = await openApp({ offered: largeBundle, storage });
    await loaded(second);
    expect(radio('Witty')).toBeChecked();
    await press(start);
    expect(second.runs[0]?.request.into).toEqual(['witty', 'fr']);
  });
});

test('another conversation takes the old answer away', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await write(core, 'Quedan.');
  await press(en.conversation.change);
  await fireEvent.press(screen.getByText('The report is late.'));
  await settle();
  expect(screen.queryByTestId('summary')).toBeNull();
  expect(within(screen.getByLabelText(en.conversation.label)).getByText('The report is late.')).toBeOnTheScreen();
});

test('what another app shares is on the screen, whichever screen was there', async () => {
  const waiting: SharedItem[] = [];
  let come: () => void = () => undefined;
  const shareInbox: ShareInbox = { take: () => Promise.resolve(waiting.shift()), subscribe: listener => ((come = listener), () => undefined) };
  await openApp({ device: { shareInbox } });
  await press(en.settings.title);
  await press(en.about.title);
  waiting.push({ kind: 'text', text: 'An article about trains.' });
  await act(() => {
    come();
  });
  await settle();
  expect(within(screen.getByLabelText(en.conversation.label)).getByText('An article about trains.')).toBeOnTheScreen();
  expect(screen.queryByText(en.about.title)).toBeNull();
});

test('a task alone is not said to be merged, neither in the choice of methods nor below its answer', async () => {
  const core = await openApp();
  await loaded(core);
  await pick(en.choice.original);
  await press(en.mode.button(en.mode.name.auto));
  expect(radio(new RegExp(`^${en.mode.alone.name} ${en.mode.alone.explained}`))).toBeOnTheScreen();
  await press(en.app.close);
  await press(start);
  await act(() => core.runs[0]?.write('They meet.'));
  await act(() => core.runs[0]?.finish({ mode: 'merge' }));
  expect(screen.getByTestId('statistics')).toHaveTextContent(`${en.mode.alone.name} · 2.7 s`);
  for (const text of screen.queryAllByText(new RegExp(en.mode.name.merge))) expect(text).not.toBeOnTheScreen();
});

test('closing the app frees the model', async () => {
  const core = await openApp();
  await loaded(core);
  await screen.unmount();
  await settle();
  expect(core.closed).toBe(1);
});
