import type { MessageId, MessageIdCodec } from './message/message-id.js'
import type { OpenerImpls } from './opener.js'
import type { OptionTable } from './option-table.js'
import type { Runtime } from './runtime/runtime.js'
import type { Traits } from './traits.js'
import type { Waits } from './wal.js'

/** What a build takes beside its options. */
export interface BuildWaits extends Waits {
  /** To be told of every failure through which the build goes on trying: so a caller who stops waiting for it knows why. */
  readonly failed?: (error: unknown) => void
}

/**
 * A backend, as it is registered. Lives as long as the process, holds no connection. `O` is the options object after
 * `option-table` has checked it and filled in the defaults.
 */
export interface OpenerBuilderImpls<O = unknown, I extends MessageId = MessageId> {
  /** Registry name and URL scheme: a lower-case letter, then letters, digits or "-". */
  readonly name: string
  /**
   * Other URL schemes that mean this backend, with the options each implies (`rediss-streams`: TLS). A scheme is made as a
   * name is, and may hold "+" (`pulsar+ssl`).
   */
  readonly schemes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly traits: Traits
  readonly messageIds: MessageIdCodec<I>
  /**
   * One table for the options object, the URL and the README. The option that takes the URL's hosts (`from: 'hosts'`) has
   * the type `hosts`, or `text` when there is one host.
   */
  readonly options: OptionTable
  /**
   * The options, free of what may change around them (a relative path made absolute). Builds whose options are then equal
   * may share one opener; clients, callbacks and other objects are equal to themselves only.
   */
  resolveOptions?(options: O): O
  /**
   * Connects as far as is sensible: `WAL_UNAVAILABLE`, or a driver's error, when that fails; `retryable: false` when the
   * server refused the login. It fails, or goes on, within a time that the backend bounds. What was begun when the signal
   * aborts is released. Time, randomness and files only by `runtime`.
   */
  build(options: O, runtime: Runtime, waits?: BuildWaits): Promise<OpenerImpls<I>>
}

/**
 * Options by backend name. Backends add theirs by declaration merging, so that `mustGetBuilder('file').build({ … })`
 * and `openWal` are checked:
 *
 *     declare module '@wal/walimpls' { interface BackendOptions { file: FileOptions } }
 */
export interface BackendOptions {
  /** Registered by importing `@wal/walimpls/testing`. (tsup's declarations can't merge into their own package.) */
  memory: MemoryOptions
}

/** Of the in-memory backend, `memory:` */
export interface MemoryOptions {
  /** Which of the process’s stores. Logs of one name in two stores are two logs. Default: `'default'`. */
  readonly name?: string
  /** Size of the largest record. Make it small to see messages refused. At least 1 KiB. Default: 16 MiB. */
  readonly maxRecordBytes?: number
  /** How many batches are appended at once. From 1 to 32. Default: 4. */
  readonly maxInFlightBatches?: number
  /** A writer that stores nothing for so long is forgotten, as a broker forgets it. 0: never. Default: 0. */
  readonly maxIdleMs?: number
}
