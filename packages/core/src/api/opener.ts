import type { BackendOptions, Waits } from '@wal/walimpls'
import type { ReadOnlyWAL, WAL } from './wal.js'
import type { WalOptions } from './wal-options.js'

/** Which log to open, and how. */
export interface ChannelOptions {
  /**
   * The name of the log, which is that of its channel: lower-case letters, digits, "_" and "-", beginning with a letter
   * or digit, at most 200 in all, and no device name (con, nul …).
   */
  readonly name: string
  /** `ro` creates, changes and fences nothing. Default: `'rw'`. */
  readonly accessMode?: 'rw' | 'ro'
  /**
   * Epoch of the writer, from 0; `next`: one above the highest that the log has seen. A lower one than the log’s is
   * `WAL_FENCED`. Not for `ro`. Default: `'next'`.
   */
  readonly term?: number | 'next'
}

export interface OpenOptions<C extends ChannelOptions = ChannelOptions> extends WalOptions, Waits {
  /** An object with the name of the log: which log to open, and how. */
  readonly channel: C
  /**
   * How many milliseconds an open may take, connecting included. Then it fails with `WAL_TIMEOUT`, with the last
   * failure as its cause. Default: 30,000.
   */
  readonly openTimeoutMs?: number
}

/** What `open` gives: a writer, unless the channel was asked for with `ro`. */
export type Opened<C extends ChannelOptions> = C extends { readonly accessMode: 'ro' } ? ReadOnlyWAL : WAL

/** A client of a backend. Closing it closes what it opened. Given to users; implemented by core alone. */
export interface Opener {
  readonly backend: string
  /**
   * Opens a log. For writing it creates a missing one, and resolves once this writer's opening record is stored and
   * nothing of another writer can count after it. Rejects: `WAL_INVALID_ARGUMENT`, `WAL_FENCED` (the log has seen a
   * higher term), `WAL_CHANNEL_NOT_FOUND` (`ro`), `WAL_CLOCK_AHEAD`, `WAL_SPEC_UNSUPPORTED` (another system's log, for
   * writing), `WAL_CORRUPT`, `WAL_TIMEOUT` (`openTimeoutMs`), `WAL_UNAVAILABLE`, `WAL_CLOSED`, or with `signal.reason`.
   */
  open<const C extends ChannelOptions>(options: OpenOptions<C>): Promise<Opened<C>>
  /** Names of the channels. `WAL_INVALID_ARGUMENT` where the backend can't list. */
  list(waits?: Waits): Promise<readonly string[]>
  /** Removes a channel and all its records. `WAL_CHANNEL_NOT_FOUND`; `WAL_INVALID_ARGUMENT` where the backend can't. */
  delete(channel: string, waits?: Waits): Promise<void>
  /** Closes what it opened, all at once, then its share of the client. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A registered backend, before it is connected. */
export interface OpenerBuilder<N extends string = string> {
  readonly name: N
  /**
   * Connects. The options are those of the backend's README; unknown ones are `WAL_INVALID_ARGUMENT`. What can't be reached is
   * `WAL_UNAVAILABLE`, at once or at the first open, as the backend does it.
   */
  build(
    options: N extends keyof BackendOptions ? BackendOptions[N] : Readonly<Record<string, unknown>>,
    waits?: Waits & Pick<WalOptions, 'runtime'>,
  ): Promise<Opener>
}
