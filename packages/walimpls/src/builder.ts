import type { MessageId, MessageIdCodec } from './message/message-id.js'
import type { OpenerImpls } from './opener.js'
import type { OptionTable } from './option-table.js'
import type { Runtime } from './runtime/runtime.js'
import type { Traits } from './traits.js'
import type { Waits } from './wal.js'

/** What `build` gets beside the backend's options. */
export interface BuildWaits extends Waits {
  /** Called with every failure after which the build tries again, so that a caller who gives up waiting knows the reason. */
  readonly failed?: (error: unknown) => void
}

/**
 * A backend, as its package registers it. A builder lives as long as the process and holds no connection. `O` is the type of
 * the options object, checked and filled with defaults by the option table.
 */
export interface OpenerBuilderImpls<O = unknown, I extends MessageId = MessageId> {
  /** The backend's name in the registry, and its URL scheme: a lower-case letter, then letters, digits or "-". */
  readonly name: string
  /**
   * Other URL schemes of this backend, each with the options that the scheme implies: `rediss-streams` implies TLS. A scheme
   * has the form of a name, and may also hold "+" and "." (`pulsar+ssl`).
   */
  readonly schemes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly traits: Traits
  readonly messageIds: MessageIdCodec<I>
  /**
   * The options of the backend. The check of the options object, the reading of URLs and the README's table follow from this
   * table. The option that takes a URL's hosts (`from: 'hosts'`) has the type `hosts`, or `text` when there can be only one
   * host.
   */
  readonly options: OptionTable
  /**
   * Answers the options with a meaning that does not depend on the process's surroundings: a relative path made absolute, for
   * example. Two builds with equal normalised options may share one opener. Clients, callbacks and other objects are equal only
   * to themselves.
   */
  resolveOptions?(options: O): O
  /**
   * Makes an opener, and connects it where the backend has a connection to make. Rejects with `WAL_UNAVAILABLE` or a driver's
   * error when the server cannot be reached, with `retryable: false` when the server refused the login. Every attempt to connect
   * ends within a time that the backend bounds. When the signal aborts, `build` releases whatever it has begun. Time, randomness
   * and files come from `runtime` only.
   */
  build(options: O, runtime: Runtime, waits?: BuildWaits): Promise<OpenerImpls<I>>
}

/**
 * The options of each backend, by the backend's name. Backends add theirs by declaration merging, so that TypeScript checks
 * `mustGetBuilder('file').build({ … })` and `openWal`:
 *
 *     declare module '@wal/walimpls' { interface BackendOptions { file: FileOptions } }
 */
export interface BackendOptions {
  /**
   * The in-memory backend, which is registered by importing `@wal/walimpls/testing`. Its options stand here, since tsup's
   * declarations cannot merge into their own package.
   */
  memory: MemoryOptions
}

/** The options of the in-memory backend, `memory:`. */
export interface MemoryOptions {
  /**
   * Name of the store in this process that holds the log. Logs of one name in two stores are two logs. Default:
   * `'default'`.
   */
  readonly name?: string
  /** Size of the largest record. Make it small to see messages refused. At least 1 KiB. Default: 16 MiB. */
  readonly maxRecordBytes?: number
  /** How many batches may be in flight at once. From 1 to 32. Default: 4. */
  readonly maxInFlightBatches?: number
  /**
   * A writer that stores nothing for this long is forgotten, as a broker forgets an idle producer. 0: never. Default:
   * 0.
   */
  readonly maxIdleMs?: number
}
