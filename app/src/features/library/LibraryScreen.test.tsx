import { act, screen } from '@testing-library/react-native';

import { button, loaded, openApp, press, settle } from '../../../jest/renderApp';
import { bundle, Deferred } from '../../../jest/scriptedCore';
import { CoreError, noBundle } from '../../core/errors';
import type { ImportProgress, InstalledBundle, Library } from '../../core/library';
import { en } from '../../i18n/en';

const good: InstalledBundle = { id: 'good', inUse: false, state: { kind: 'ready', bundle: { ...bundle, baseBytes: 3e8 }, fit: 'fits' } };

/** A device whose library holds `there` and whose import is driven by the test. */
function libraryOf(there: InstalledBundle[] = []) {
  const picked = new Deferred<InstalledBundle | undefined>();
  let onProgress: (progress: ImportProgress) => void = () => undefined;
  const library: Library = {
    list: () => Promise.resolve([...there]),
    importPicked: (_, report, signal) => {
      onProgress = report;
      signal.addEventListener('abort', () => {
        picked.resolve(undefined);
      });
      return picked.promise.then(imported => (imported && there.push(imported), imported));
    },
    use: id => {
      for (const each of there) each.inUse = each.id === id;
      return Promise.resolve();
    },
    remove: id => {
      there.splice(0, there.length, ...there.filter(each => each.id !== id));
      return Promise.resolve();
    },
  };
  return {
    library,
    picked,
    report: (progress: ImportProgress) =>
      act(() => {
        onProgress(progress);
      }),
  };
}

test('without a bundle the first screen leads to the import, and after it the model loads', async () => {
  const { library, picked, report } = libraryOf();
  const core = await openApp({ device: { library } });
  await act(() => core.opening[0]?.reject(noBundle()));
  expect(screen.getByText(en.model.missing)).toBeOnTheScreen();
  expect(screen.getByText(en.library.noneHint)).toBeOnTheScreen();
  expect(screen.queryByRole('alert')).toBeNull();
  expect(screen.queryByRole('button', { name: en.answer.start })).toBeNull();
  await press(en.library.setUp);
  expect(screen.getByText(en.library.none)).toBeOnTheScreen();
  await press(en.library.importOne);
  expect(screen.getByText(en.library.choosing)).toBeOnTheScreen();
  await report({ phase: 'copying', doneBytes: 1e8, totalBytes: 3e8 });
  expect(screen.getByText(en.library.copying)).toBeOnTheScreen();
  expect(screen.getByText('100 MB of 300 MB')).toBeOnTheScreen();
  await report({ phase: 'verifying', doneBytes: 3e8, totalBytes: 3e8 });
  expect(screen.getByText(en.library.verifying)).toBeOnTheScreen();
  picked.resolve({ ...good });
  await settle();
  await loaded(core);
  expect(screen.getByText(/300 MB · in use/)).toBeOnTheScreen();
  await press(en.app.back);
  expect(screen.getByText(en.model.ready)).toBeOnTheScreen();
});

test('a model from elsewhere is named where the list is empty', async () => {
  const { library } = libraryOf();
  const core = await openApp({ device: { library } });
  await loaded(core);
  await press(en.settings.title);
  await press(en.settings.bundles);
  expect(screen.getByText(en.library.given)).toBeOnTheScreen();
  expect(screen.queryByText(en.library.none)).toBeNull();
});

test('an import that the end of the app cut short is offered, and goes on', async () => {
  const { library } = libraryOf();
  const resumed: string[] = [];
  let held = [{ id: 'content:1', name: 'demo.tandem' }];
  library.unfinished = {
    list: () => Promise.resolve(held),
    resume: id => {
      resumed.push(id);
      held = [];
      return Promise.resolve(undefined);
    },
    forget: () => Promise.resolve(),
  };
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  expect(screen.getByText('demo.tandem')).toBeOnTheScreen();
  await press(en.library.resume);
  expect(resumed).toEqual(['content:1']);
  expect(screen.queryByText(en.library.unfinished)).toBeNull();
});

test('a refused import says why and leaves no bar', async () => {
  const { library, picked } = libraryOf([{ ...good }]);
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  await press(en.library.importOne);
  picked.reject(new CoreError({ source: 'bundle', kind: 'hash-mismatch', file: 'adapters/es', message: 'adapters/es has another hash' }));
  await settle();
  expect(screen.getByText('adapters/es has another hash')).toBeOnTheScreen();
  expect(screen.queryByText(en.library.choosing)).toBeNull();
});

test('an import that was refused behind another screen says why when the models are opened', async () => {
  const { library, picked } = libraryOf([{ ...good }]);
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  await press(en.library.importOne);
  await press(en.app.back);
  picked.reject(new CoreError({ source: 'bundle', kind: 'hash-mismatch', message: 'one file has another hash' }));
  await settle();
  await press(en.settings.bundles);
  expect(screen.getByText('one file has another hash')).toBeOnTheScreen();
  await press(en.model.retry);
  expect(screen.queryByText('one file has another hash')).toBeNull();
});

test('an import can be cancelled', async () => {
  const { library, report } = libraryOf();
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  await press(en.library.importOne);
  await report({ phase: 'copying', doneBytes: 1, totalBytes: 2 });
  await press(en.app.cancel);
  expect(screen.queryByText(en.library.copying)).toBeNull();
  expect(button(en.library.importOne)).toBeEnabled();
});

test('a bundle that is broken, tight or too large says so', async () => {
  const { library } = libraryOf([
    { ...good, id: 'a', state: { kind: 'broken', error: { source: 'bundle', kind: 'hash-mismatch', message: 'one file has another hash' } } },
    { ...good, id: 'b', state: { kind: 'ready', bundle, fit: 'tight' } },
    { ...good, id: 'c', state: { kind: 'ready', bundle, fit: 'wont-fit' } },
  ]);
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  for (const text of [en.library.broken, 'one file has another hash', en.library.fit.tight, en.library.fit['wont-fit']])
    expect(screen.getByText(text)).toBeOnTheScreen();
  const uses = screen.getAllByRole('button', { name: en.library.use });
  expect(uses).toHaveLength(2);
  expect(uses[1]).toBeDisabled();
});

test('a bundle without its base model says so, and asks for it', async () => {
  const { library, picked } = libraryOf([{ ...good, state: { kind: 'needs-base', bundle } }]);
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  expect(screen.getByText(en.library.needsBase)).toBeOnTheScreen();
  await press(en.library.importBase);
  expect(button(en.library.importBase)).toBeDisabled();
  picked.resolve(undefined);
  await settle();
  expect(button(en.library.importBase)).toBeEnabled();
});

test('a bundle is removed after a question', async () => {
  const { library } = libraryOf([{ ...good }]);
  await openApp({ device: { library } });
  await press(en.settings.title);
  await press(en.settings.bundles);
  await press(en.library.remove);
  expect(screen.getByRole('button', { name: en.library.remove, includeHiddenElements: true })).toBeOnTheScreen();
  await press(en.library.removeSure);
  expect(screen.queryByRole('button', { name: en.library.remove })).toBeNull();
});
