import type { Core } from './core/contract';
import type { Device } from './core/device';
import { Model } from './core/model';
import { freeOutOfSight } from './core/outOfSight';
import { itemStorage } from './core/storage/itemStorage';
import type { Storage } from './core/storage/storage';
import { until } from './core/store';
import { Answers } from './features/answer/answers';
import { CurrentConversation, fromSample, type Sample } from './features/conversation/conversation';
import { Benchmark } from './features/benchmark/benchmark';
import { Bundles } from './features/library/bundles';
import { History } from './features/history/history';
import { tellWork } from './features/longRun/longRun';
import { Unreadable } from './features/history/unreadable';
import { Notices } from './features/notice/notices';
import { lessToRead, PreferenceStore } from './features/settings/preferences';
import { ShareReader } from './features/share/shareReader';

/** What owns the app's state and resources; the screens only show it. */
export type Services = {
  model: Model;
  answers: Answers;
  conversation: CurrentConversation;
  history: History;
  notices: Notices;
  preferences: PreferenceStore;
  /** Absent where no bundle can be imported. */
  bundles: Bundles | undefined;
  benchmark: Benchmark;
  /** Ends what the services follow and frees the model. */
  close: () => void;
};

export type ServiceParts = {
  core: Core;
  device: Device;
  samples: Sample[];
  openStorage: () => Promise<Storage>;
  /** As `StoragePlace.startNew`; absent where the storage always opens. */
  startNewStorage?: (() => Promise<Storage>) | undefined;
  /** Closes these services and opens others, on the storage that can now be read. */
  restart?: () => void;
  /** The closed services that these take the place of: what was shown and made there is not lost. */
  before?: Services;
};

export async function openServices(parts: ServiceParts): Promise<Services> {
  const { core, device, samples, before } = parts;
  const notices = new Notices();
  const { storage, unreadable } = await storageOrNone(parts, notices);
  const preferences = await PreferenceStore.open(storage, notices.showFailure).catch((thrown: unknown) => {
    notices.showFailure(thrown);
    return PreferenceStore.open(itemStorage(new Map()), notices.showFailure);
  });
  const current = () => preferences.state.get();

  const model = new Model(core, () => {
    const { threads } = current();
    return threads === null ? {} : { threads };
  });
  const freeWhenIdle = () => {
    const { freeAfterMinutes } = current();
    model.freeWhenIdle(freeAfterMinutes === null ? undefined : freeAfterMinutes * 60_000);
  };
  freeWhenIdle();

  const history = new History(storage, () => current().keepHistory, notices.showFailure, unreadable);
  if (before) await history.takeOver(before.history);
  const shown = before ? before.conversation.state.get() : samples[0] && fromSample(samples[0]);
  const conversation = new CurrentConversation(shown, () => current().ownNames);
  const answers = new Answers(
    model,
    item => void history.keep(item),
    () => conversation.state.get()?.owner,
  );
  const share = device.shareInbox && new ShareReader(device.shareInbox, core, conversation, notices);

  const idle = async () => {
    do {
      await until(answers.state, () => !answers.busy);
      await until(model.uses, uses => uses === 0);
    } while (answers.busy);
  };
  const benchmark = new Benchmark(model, storage, notices.showFailure, device.heat);
  const stop = () => {
    answers.stop();
    benchmark.stop();
  };
  const bundles = device.library && new Bundles(device.library, model, { stop, idle });
  void bundles?.refresh();

  const ends = [
    preferences.state.subscribe(freeWhenIdle),
    // Answers belong to the conversation that they were made from.
    watchId(conversation, () => {
      answers.reset();
    }),
    share?.start(),
    tellWork({ answers, benchmark, bundles, preferences }, device),
    device.onMemoryPressure?.(() => {
      model.freeIfIdle();
    }),
    device.onVisibility &&
      freeOutOfSight({ model, onVisibility: device.onVisibility, idle, frees: () => current().freeAfterMinutes !== null, countAnew: freeWhenIdle }),
    device.longRun?.onStop(() => {
      stop();
      bundles?.cancel();
    }),
  ];
  // It is told once, and changes a setting: not where that is lost again.
  const ended = unreadable ? undefined : device.exitNotice?.takeLast();
  void ended?.then(
    exit => {
      if (!exit) return;
      const { maxPromptTokens } = current();
      const less = lessToRead(maxPromptTokens);
      // An import holds no model: there the memory went to something else.
      if (exit.reason === 'low-memory' && (exit.running === 'import' || less === maxPromptTokens)) {
        notices.show('short-of-memory');
        return;
      }
      if (exit.reason === 'low-memory') preferences.set({ maxPromptTokens: less });
      notices.show(exit.reason);
    },
    () => undefined, // a system that does not tell
  );

  return {
    model,
    answers,
    conversation,
    history,
    notices,
    preferences,
    bundles,
    benchmark,
    close: () => {
      for (const end of ends) end?.();
      bundles?.cancel();
      answers.reset();
      benchmark.stop();
      model.close();
    },
  };
}

/** Without its storage the app is still of use: what is set and made then lasts until it ends. */
async function storageOrNone(parts: ServiceParts, notices: Notices): Promise<{ storage: Storage; unreadable?: Unreadable }> {
  const { openStorage: open, startNewStorage: startNew, restart } = parts;
  try {
    return { storage: await open() };
  } catch (thrown) {
    notices.showFailure(thrown);
    const storage = itemStorage(new Map());
    if (!startNew || !restart) return { storage };
    return { storage, unreadable: new Unreadable(thrown, { open, startNew }, notices.showFailure, restart) };
  }
}

/** Calls back when the conversation is another one, not when its range or owner changes. */
function watchId(conversation: CurrentConversation, onChange: () => void): () => void {
  let shown = conversation.state.get()?.id;
  return conversation.state.subscribe(() => {
    const id = conversation.state.get()?.id;
    if (id !== shown) onChange();
    shown = id;
  });
}
