import Clipboard from '@react-native-clipboard/clipboard';
import { act, fireEvent, render, screen, within } from '@testing-library/react-native';

import { bundle, ScriptedCore } from '../../../jest/scriptedCore';
import { App } from '../../App';
import { CoreError } from '../../core/errors';
import { en } from '../../i18n/en';
import { intlLanguageName, languageNameBy } from '../../i18n/languageName';

const samples = [
  {
    id: 'a',
    domain: 'trip',
    reply_speaker: 'Bea',
    conversation: [
      { speaker: 'Ana', text: 'Shall we go on Friday?' },
      { speaker: 'Bea', text: 'Yes, at nine.' },
    ],
  },
  { id: 'b', domain: 'work', reply_speaker: 'Bob', conversation: [{ speaker: 'Al', text: 'The report is late.' }] },
];

async function open(offered = bundle) {
  const core = new ScriptedCore(offered);
  await render(<App core={core} samples={samples} languageName={languageNameBy(intlLanguageName)} />);
  return core;
}

const button = (name: string) => screen.getByRole('button', { name });
const press = (name: string) => fireEvent.press(button(name));
const loaded = (core: ScriptedCore) =>
  act(() => {
    core.loaded();
  });

test('the model is loaded as the app opens, and the screen says so', async () => {
  const core = await open();
  expect(core.opening).toHaveLength(1);
  expect(screen.getByText(en.model.loading)).toBeOnTheScreen();
  await loaded(core);
  expect(screen.getByText(en.model.ready)).toBeOnTheScreen();
});

test('the conversation is readable while the model loads, and a tap on Summarise then waits', async () => {
  const core = await open();
  expect(screen.getByText('Shall we go on Friday?')).toBeOnTheScreen();
  await press(en.summary.start);
  expect(screen.getByText(en.summary.queued)).toBeOnTheScreen();
  await loaded(core);
  expect(core.runs[0]?.request).toEqual({
    input: { kind: 'conversation', messages: samples[0]?.conversation },
    mainTask: 'summarize',
    into: ['es'],
    mode: 'auto',
  });
});

test('the summary is shown as it is written, then with its statistics', async () => {
  const core = await open();
  await loaded(core);
  await press(en.summary.start);
  await act(() => core.runs[0]?.write('Quedan el '));
  expect(screen.getByTestId('summary')).toHaveTextContent('Quedan el', { exact: false });
  await act(() => core.runs[0]?.write('viernes.'));
  await act(() => core.runs[0]?.finish({ leftOutMessages: 1 }));
  expect(screen.getByTestId('summary')).toHaveTextContent('Quedan el viernes.');
  const statistics = screen.getByTestId('statistics');
  for (const part of [en.mode.name.calibrated, '120', '30', '1.2', '1.5', '20 tokens/s', '1 oldest message'])
    expect(statistics).toHaveTextContent(part, { exact: false });
});

test('Stop keeps what was written and says that it is not the end', async () => {
  const core = await open();
  await loaded(core);
  await press(en.summary.start);
  await act(() => core.runs[0]?.write('Quedan'));
  await press(en.summary.stop);
  expect(screen.getByTestId('summary')).toHaveTextContent('Quedan');
  expect(screen.getByText(en.summary.stopped)).toBeOnTheScreen();
  expect(button(en.summary.start)).toBeEnabled();
});

test('the answer can be copied and made again', async () => {
  const core = await open();
  await loaded(core);
  await press(en.summary.start);
  await act(() => core.runs[0]?.write('Quedan.'));
  await act(() => core.runs[0]?.finish());
  await press(en.summary.copy);
  expect(Clipboard.setString).toHaveBeenLastCalledWith('Quedan.');
  expect(button(en.summary.copied)).toBeOnTheScreen();
  await press(en.summary.again);
  expect(core.runs).toHaveLength(2);
});

test('the outputs are those of the bundle, languages in their own names', async () => {
  const tasks = [
    { id: 'summarize', kind: 'main' as const },
    { id: 'nl-task', kind: 'translation' as const, languageTag: 'nl' },
  ];
  const core = await open({
    ...bundle,
    tasks,
    compositions: [['summarize'], ['summarize', 'nl-task']].map(ids => ({ tasks: ids, modes: ['merge'], recommendedMode: 'merge' })),
  });
  await loaded(core);
  expect(screen.getAllByRole('radio').map(({ props }) => props['accessibilityLabel'] as string)).toEqual([en.output.original, 'Nederlands']);
  await fireEvent.press(screen.getByRole('radio', { name: en.output.original }));
  await press(en.summary.start);
  expect(core.runs[0]?.request.into).toEqual([]);
});

test('the methods are those of the chosen output, and one that it does not offer is not sent', async () => {
  const core = await open();
  await loaded(core);
  await press(en.mode.button(en.mode.name.auto));
  await fireEvent.press(screen.getByRole('radio', { name: new RegExp(en.mode.name['two-step']) }));
  await press(en.summary.start);
  expect(core.runs[0]?.request.mode).toBe('two-step');
  await act(() => core.runs[0]?.finish());
  await fireEvent.press(screen.getByRole('radio', { name: en.output.original }));
  await press(en.summary.start);
  expect(core.runs[1]?.request.mode).toBe('auto');
});

test('pasted chat text becomes messages, other text stays text', async () => {
  const core = await open();
  await loaded(core);
  const paste = async (text: string) => {
    await press(en.conversation.change);
    await fireEvent.changeText(screen.getByLabelText(en.conversation.pasteLabel), text);
    await press(en.conversation.use);
    await press(en.summary.start);
  };
  await paste('Eva: Where are you?\nLeo: At the station.');
  expect(within(screen.getByLabelText(en.conversation.label)).getByText('At the station.')).toBeOnTheScreen();
  expect(core.runs[0]?.request.input).toMatchObject({ kind: 'conversation', messages: [{ speaker: 'Eva' }, { speaker: 'Leo' }] });
  await act(() => core.runs[0]?.finish());
  await paste('An article about trains.');
  expect(core.runs[1]?.request.input).toEqual({ kind: 'text', text: 'An article about trains.' });
});

test('another conversation takes the old summary away', async () => {
  const core = await open();
  await loaded(core);
  await press(en.summary.start);
  await act(() => core.runs[0]?.write('Quedan.'));
  await act(() => core.runs[0]?.finish());
  await press(en.conversation.change);
  await fireEvent.press(screen.getByText('The report is late.'));
  expect(screen.queryByTestId('summary')).toBeNull();
  expect(within(screen.getByLabelText(en.conversation.label)).getByText('The report is late.')).toBeOnTheScreen();
});

test('a refused bundle is told once, with the file and what to do, and can be tried again', async () => {
  const core = await open();
  const error = new CoreError({ source: 'bundle', kind: 'hash-mismatch', file: 'adapters/es', message: 'adapters/es has another hash' });
  await act(() => core.opening[0]?.reject(error));
  expect(screen.getByText(en.error.title.bundle)).toBeOnTheScreen();
  expect(screen.getByText(error.message)).toBeOnTheScreen();
  expect(screen.getByText(en.error.file('adapters/es'))).toBeOnTheScreen();
  expect(screen.queryByText(en.model.loading)).toBeNull();
  await press(en.model.retry);
  await loaded(core);
  expect(screen.getByText(en.model.ready)).toBeOnTheScreen();
  expect(screen.queryByText(en.error.title.bundle)).toBeNull();
});

test('closing the app frees the model', async () => {
  const core = await open();
  await loaded(core);
  await screen.unmount();
  await act(() => Promise.resolve());
  expect(core.closed).toBe(1);
});
