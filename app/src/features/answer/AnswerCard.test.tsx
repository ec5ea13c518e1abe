import { act, fireEvent, screen } from '@testing-library/react-native';

import { button, loaded, openApp, outOfSight, pick, press, samples, settle, write } from '../../../jest/renderApp';
import { CoreError } from '../../core/errors';
import { en } from '../../i18n/en';

const start = en.task.start['summarize'] ?? '';
const shown = () => screen.getAllByTestId('summary').map(({ children }) => children.map(String).join(''));

describe('writing again', () => {
  const answered = async (text = 'Quedan.') => {
    const { show, ...sight } = outOfSight();
    const core = await openApp({ device: sight });
    await loaded(core);
    await press(start);
    await write(core, text);
    return { core, show };
  };

  test('is not offered where it would give the same', async () => {
    await answered();
    expect(screen.queryByRole('button', { name: en.answer.again })).toBeNull();
  });

  test('is made of the conversation and the limits as they are now', async () => {
    const { core } = await answered();
    await press(en.range.button('2 messages'));
    await fireEvent.changeText(screen.getByLabelText(en.range.custom), '1');
    await pick(new RegExp(en.range.last('1', 1)));
    await press(en.settings.title);
    await press(new RegExp(en.settings.length));
    await pick(en.settings.lengthOf('64'));
    await press(en.app.back);
    await press(en.answer.again);
    expect(core.runs[1]?.request).toEqual({
      ...core.runs[0]?.request,
      input: { kind: 'conversation', messages: samples[0]?.conversation.slice(1) },
      maxTokens: 64,
    });
    await write(core, 'Sí.');
    expect(screen.queryByRole('button', { name: en.answer.again })).toBeNull();
  });

  test('is offered where another bundle was chosen, and not for another owner, who has no part in it', async () => {
    const { core, show } = await answered('Quedan.');
    await press(en.owner.button('Bea'));
    await pick('Ana');
    expect(screen.queryByRole('button', { name: en.answer.again })).toBeNull();
    core.offered = { ...core.offered, id: 'another' };
    await show(false);
    await show(true);
    await press(en.answer.again);
    await loaded(core);
    await write(core, 'Se ven.');
    expect(shown()).toEqual(['Se ven.']);
    expect(screen.queryByRole('button', { name: en.answer.again })).toBeNull();
  });

  test('gives the answer back when it is stopped, and tells why when it fails', async () => {
    const { core } = await answered('');
    await press(en.answer.edit);
    await fireEvent.changeText(screen.getByDisplayValue(''), 'Quedan.');
    await press(en.answer.save);
    await press(en.answer.again);
    await act(() => core.runs[1]?.write('Se'));
    await press(en.answer.stop);
    expect(shown()).toEqual(['Quedan.']);
    await press(en.answer.again);
    const error = new CoreError({ source: 'engine', kind: 'generate', message: 'the words for a report' });
    await act(() => core.runs[2]?.answer.reject(error));
    await settle();
    expect(shown()).toEqual(['Quedan.']);
    expect(screen.getByText(en.error.title.engine)).toBeOnTheScreen();
    expect(screen.getByText(error.message)).toBeOnTheScreen();
    expect(button(en.answer.again)).toBeOnTheScreen();
  });
});

test('what is stopped before there is any text is not said to be empty', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await press(en.answer.stop);
  expect(shown()).toEqual([en.answer.stopped]);
  expect(screen.getAllByText(en.answer.stopped)).toHaveLength(1);
  expect(screen.queryByText(en.answer.empty)).toBeNull();
});

test('a text that is refused is told in the user’s words, not in the core’s', async () => {
  const core = await openApp();
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.answer.reject(new CoreError({ source: 'input', kind: 'reply-speaker-missing', message: 'name one with reply_speaker.' })));
  await settle();
  expect(screen.getByText(en.error.input['reply-speaker-missing'])).toBeOnTheScreen();
  expect(screen.queryByText(/reply_speaker/)).toBeNull();
});
