import { act, fireEvent, render, screen } from '@testing-library/react-native';

import { App } from '../src/App';
import type { BundleInfo } from '../src/core/contract';
import type { Device } from '../src/core/device';
import { itemStorage } from '../src/core/storage/itemStorage';
import type { Storage } from '../src/core/storage/storage';
import { intlLanguageName, languageNameBy } from '../src/i18n/languageName';
import { KeptServices } from '../src/keptServices';

import { bundle, ScriptedCore } from './scriptedCore';

export const samples = [
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

type Parts = { offered?: BundleInfo; device?: Device; storage?: Storage; openStorage?: () => Promise<Storage>; startNewStorage?: () => Promise<Storage> };

const languageName = languageNameBy(intlLanguageName);

/** The whole app on a scripted core, with a storage that lasts as long as the test gives the same one. */
export async function openApp(parts: Parts = {}) {
  const { offered = bundle, device = {}, storage = itemStorage(new Map()), openStorage = () => Promise.resolve(storage), startNewStorage } = parts;
  const core = new ScriptedCore(offered);
  await render(<App {...{ core, device, samples, openStorage, languageName, ...(startNewStorage && { startNewStorage }) }} />);
  await settle();
  return core;
}

/** The app as on the phone, where its screens can come and go: `show` makes them come, as often as it is called. */
export function outlivingApp({ device = {}, ...storage }: Pick<Parts, 'device' | 'openStorage' | 'startNewStorage'> = {}) {
  const core = new ScriptedCore();
  const parts = { core, device, samples, openStorage: () => Promise.resolve(itemStorage(new Map())), ...storage };
  const kept = new KeptServices(parts);
  const show = async () => {
    await render(<App {...parts} languageName={languageName} kept={kept} />);
    await settle();
  };
  return {
    core,
    show,
    end: () =>
      act(() => {
        kept.close();
      }),
  };
}

/** A device whose app the test takes out of sight, where its model is freed, and back. */
export function outOfSight() {
  let listen: (visible: boolean) => void = () => undefined;
  const onVisibility: Device['onVisibility'] = listener => ((listen = listener), () => undefined);
  const show = async (visible: boolean) => {
    await act(() => {
      listen(visible);
    });
    await settle();
  };
  return { onVisibility, show };
}

/** Lets what was started go on until it waits for the test. */
export const settle = () =>
  act(async () => {
    await new Promise(resolve => setImmediate(resolve));
  });

export const loaded = async (core: ScriptedCore) => {
  await act(() => {
    core.loaded();
  });
  await settle();
};

export const button = (name: string | RegExp) => screen.getByRole('button', { name });
export const radio = (name: string | RegExp) => screen.getByRole('radio', { name });

export async function press(name: string | RegExp): Promise<void> {
  await fireEvent.press(button(name));
  await settle();
}

export async function pick(name: string | RegExp): Promise<void> {
  await fireEvent.press(radio(name));
  await settle();
}

/** What one run writes, to its end. */
export async function write(core: ScriptedCore, text: string, index = core.runs.length - 1): Promise<void> {
  await act(() => core.runs[index]?.write(text));
  await act(() => core.runs[index]?.finish());
  await settle();
}
