import { act, screen } from '@testing-library/react-native';

import { button, loaded, openApp, outOfSight, pick, press, settle } from '../../../jest/renderApp';
import { largeBundle } from '../../../jest/scriptedCore';
import { CoreError, noBundle } from '../../core/errors';
import type { Library } from '../../core/library';
import { en } from '../../i18n/en';

const start = en.task.start['summarize'] ?? '';
const shown = () => screen.getAllByTestId('summary').map(({ children }) => children.map(String).join(''));

test('a refused bundle is told once, with the file and what to do, and can be tried again', async () => {
  const core = await openApp();
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

describe('when the bundle that was in use is gone', () => {
  const nothing = () => Promise.resolve(undefined);
  const library: Library = { list: () => Promise.resolve([]), importPicked: nothing, use: nothing, remove: nothing };

  async function open() {
    let onPressure: () => void = () => undefined;
    const core = await openApp({ offered: largeBundle, device: { library, onMemoryPressure: listener => ((onPressure = listener), () => undefined) } });
    await loaded(core);
    /** The model is freed, and a tap on the button of this name finds no bundle. */
    const tapWithout = async (name: string) => {
      await act(() => {
        onPressure();
      });
      await press(name);
      await act(() => core.opening[1]?.reject(noBundle()));
      await settle();
    };
    return { core, tapWithout };
  }

  test('that is told once, with what leads to the import', async () => {
    const { tapWithout } = await open();
    await tapWithout(start);
    expect(screen.getByText(en.library.noneHint)).toBeOnTheScreen();
    expect(button(en.library.setUp)).toBeOnTheScreen();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.queryByTestId('summary')).toBeNull();
  });

  test('an answer that failed before does not hide it', async () => {
    const { core, tapWithout } = await open();
    await pick(en.choice.allOf.language);
    await press(start);
    await act(() => core.runs[0]?.answer.reject(new CoreError({ source: 'input', kind: 'input-empty', message: 'x' })));
    await settle();
    await act(() => core.runs[1]?.write('un'));
    await press(en.answer.stop);
    await tapWithout(en.answer.again);
    expect(screen.getByText(en.error.input['input-empty'])).toBeOnTheScreen();
    expect(shown()).toEqual(['un']);
    expect(button(en.library.setUp)).toBeOnTheScreen();
  });
});

test('a model’s failure is told beside a card that tells of an earlier, other one', async () => {
  const { show, ...device } = outOfSight();
  const core = await openApp({ device });
  await loaded(core);
  await press(start);
  await act(() => core.runs[0]?.answer.reject(new CoreError({ source: 'input', kind: 'input-empty', message: 'x' })));
  await settle();
  await show(false);
  await show(true);
  await act(() => core.opening[1]?.reject(new CoreError({ source: 'bundle', kind: 'hash-mismatch', message: 'x' })));
  await settle();
  expect(screen.getByText(en.error.input['input-empty'])).toBeOnTheScreen();
  expect(screen.getByText(en.error.title.bundle)).toBeOnTheScreen();
});

test('a model that does not fit into the free memory is told, with what to do', async () => {
  const core = await openApp();
  await act(() => core.opening[0]?.reject(new CoreError({ source: 'memory', kind: 'wont-fit', message: 'the model needs 1200 MB' })));
  expect(screen.getByText(en.error.title.memory)).toBeOnTheScreen();
  expect(screen.getByText(en.error.advice.memory)).toBeOnTheScreen();
  await press(en.model.retry);
  expect(core.opening).toHaveLength(2);
});
