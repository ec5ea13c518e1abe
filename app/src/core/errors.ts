/** Which border an error comes from: what the user can do differs. */
export type CoreErrorSource =
  /** The bundle or a file of it was refused. */
  | 'bundle'
  /** The base model's file was refused. */
  | 'base'
  /** A bundle could not be taken in, or found, for a reason that is not its own: no space, files that others should have brought. */
  | 'library'
  /** A file of the system's picker could not be had, or not be written. */
  | 'document'
  /** The model was not loaded: it would not fit into the memory that is free. */
  | 'memory'
  /** The text to be worked on was refused. */
  | 'input'
  /** The model failed. */
  | 'engine'
  /** The session had been closed. */
  | 'closed'
  /** The preview's server did not answer. */
  | 'connection'
  /** A mistake in the app or the core. */
  | 'internal';

const sources: readonly string[] = [
  'bundle',
  'base',
  'library',
  'document',
  'memory',
  'input',
  'engine',
  'closed',
  'connection',
  'internal',
] satisfies CoreErrorSource[];

/** `kind` is the id of docs/command-line.md, or the code of NativeDocuments.ts; `message` is one sentence in English and never holds the user's text. */
export type CoreErrorFields = { source: CoreErrorSource; kind: string; message: string; file?: string };

export class CoreError extends Error {
  readonly source: CoreErrorSource;
  readonly kind: string;
  readonly file: string | undefined;

  constructor(fields: CoreErrorFields) {
    super(fields.message);
    this.name = 'CoreError';
    this.source = fields.source;
    this.kind = fields.kind;
    this.file = fields.file;
  }

  toJSON(): CoreErrorFields {
    const { source, kind, message, file } = this;
    return file === undefined ? { source, kind, message } : { source, kind, message, file };
  }

  /** Reads what `toJSON` wrote; anything else becomes an internal error. */
  static fromJSON(value: unknown): CoreError {
    if (isFields(value)) return new CoreError(value);
    return new CoreError({ source: 'internal', kind: 'malformed-error', message: 'the core reported an error in an unknown form' });
  }

  /** Any thrown value as a CoreError. */
  static from(thrown: unknown): CoreError {
    if (thrown instanceof CoreError) return thrown;
    // The text of an unknown error may quote the user's input: only its class is kept.
    const name = thrown instanceof Error ? thrown.name : typeof thrown;
    return new CoreError({ source: 'internal', kind: 'unexpected', message: `an unexpected error of type ${name}` });
  }
}

/** Of a session that was asked for where no bundle is: what a first start finds, and no failure. */
export function noBundle(): CoreError {
  return new CoreError({ source: 'library', kind: NO_BUNDLE, message: 'there is no bundle on this device; import one' });
}

export function isNoBundle({ kind }: CoreError): boolean {
  return kind === NO_BUNDLE;
}

const NO_BUNDLE = 'no-bundle';

function isFields(value: unknown): value is CoreErrorFields {
  if (typeof value !== 'object' || value === null) return false;
  const { source, kind, message, file } = value as Record<string, unknown>;
  return (
    typeof source === 'string' &&
    sources.includes(source) &&
    typeof kind === 'string' &&
    typeof message === 'string' &&
    (file === undefined || typeof file === 'string')
  );
}
