import type { Mode } from '../../core/contract';
import type { Storage } from '../../core/storage/storage';
import { Store, type Readable } from '../../core/store';
import type { Choice } from '../choice/choice';

export type Theme = 'system' | 'light' | 'dark';

/** What the user has set. null leaves it to the phone, the bundle or the core. */
export type Preferences = {
  /** A BCP-47 language of the interface; null is the phone's. */
  language: string | null;
  theme: Theme;
  /** What is chosen when the app opens; null is what was chosen last. */
  defaultChoice: Choice | null;
  /** What the first screen shows as chosen; null until something was. */
  lastChoice: Choice | null;
  /** Generated tokens for each step; null is the bundle's limit. */
  maxTokens: number | null;
  /** Tokens that are read for each step; null is the bundle's limit. */
  maxPromptTokens: number | null;
  threads: number | null;
  /** null keeps the model in memory. */
  freeAfterMinutes: number | null;
  keepHistory: boolean;
  appLock: boolean;
  /** Names of the user in conversations, the latest first. */
  ownNames: string[];
};

export const DEFAULTS: Preferences = {
  language: null,
  theme: 'system',
  defaultChoice: null,
  lastChoice: null,
  maxTokens: null,
  maxPromptTokens: null,
  threads: null,
  freeAfterMinutes: 5,
  keepHistory: true,
  appLock: false,
  ownNames: [],
};

/** What can be read at once where that is limited, in tokens: the more, the more memory it takes. */
export const CONTEXTS = [512, 256];

/** The next smaller limit; the smallest stays. */
export function lessToRead(limit: number | null): number {
  return CONTEXTS.find(each => limit === null || each < limit) ?? Math.min(...CONTEXTS, limit ?? Infinity);
}

const KEY = 'preferences';

/** The preferences, and what keeps them. A failure to keep one is passed to `onFailure`; the change then lasts until the app ends. */
export class PreferenceStore {
  private readonly store: Store<Preferences>;
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly storage: Storage,
    first: Preferences,
    private readonly onFailure: (thrown: unknown) => void,
  ) {
    this.store = new Store(first);
  }

  /** With what is chosen as the app opens. Throws StorageError. */
  static async open(storage: Storage, onFailure: (thrown: unknown) => void): Promise<PreferenceStore> {
    const kept = parsePreferences(await storage.read(KEY));
    return new PreferenceStore(storage, { ...kept, lastChoice: kept.defaultChoice ?? kept.lastChoice }, onFailure);
  }

  get state(): Readable<Preferences> {
    return this.store;
  }

  set(change: Partial<Preferences>): void {
    this.store.set({ ...this.store.get(), ...change });
    const text = JSON.stringify(this.store.get());
    // One after another: the last change must be the one that stays.
    this.writing = this.writing.then(() => this.storage.write(KEY, text)).catch(this.onFailure);
  }
}

/** Each value that is not what it should be, as one of another version, is the default. */
export function parsePreferences(text: string | undefined): Preferences {
  const value = fields(parsed(text));
  return {
    language: typeof value['language'] === 'string' ? value['language'] : DEFAULTS.language,
    theme: value['theme'] === 'light' || value['theme'] === 'dark' ? value['theme'] : DEFAULTS.theme,
    defaultChoice: parseChoice(value['defaultChoice']),
    lastChoice: parseChoice(value['lastChoice']),
    maxTokens: positive(value['maxTokens'], DEFAULTS.maxTokens),
    maxPromptTokens: positive(value['maxPromptTokens'], DEFAULTS.maxPromptTokens),
    threads: positive(value['threads'], DEFAULTS.threads),
    freeAfterMinutes: positive(value['freeAfterMinutes'], value['freeAfterMinutes'] === null ? null : DEFAULTS.freeAfterMinutes),
    keepHistory: boolean(value['keepHistory'], DEFAULTS.keepHistory),
    appLock: boolean(value['appLock'], DEFAULTS.appLock),
    ownNames: Array.isArray(value['ownNames']) ? value['ownNames'].filter(name => typeof name === 'string') : DEFAULTS.ownNames,
  };
}

const modes = { auto: true, calibrated: true, 'two-step': true, merge: true, 'zero-shot': true } satisfies Record<Mode, true>;

function parseChoice(value: unknown): Choice | null {
  const { mainTask, language, tone, mode, several } = fields(value);
  if (typeof mainTask !== 'string' || typeof language !== 'string' || typeof tone !== 'string') return null;
  if (typeof mode !== 'string' || !Object.hasOwn(modes, mode)) return null;
  const isSeveral = several === 'language' || several === 'tone' || several === 'mode';
  return { mainTask, language, tone, mode: mode as Mode, ...(isSeveral && { several }) };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function positive(value: unknown, otherwise: number | null): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : otherwise;
}

function boolean(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}
