import type { Guarantees, TimeTick, Waits } from '@wal/walimpls'
import type { Position } from './position.js'
import type { Delivery, NoReadOptions, ReadOptions, Scanner } from './scanner.js'

/** A message to append. The library copies the payload at once: the caller may reuse its buffer. */
export interface NewMessage {
  readonly payload: Uint8Array
  /** Logical stream on the log; absent or empty: every vchannel. */
  readonly vchannel?: string
  /** Texts by their keys. A reader gets the properties of a message exactly as they were given. Keys that begin with `_` are refused. */
  readonly properties?: ReadonlyMap<string, string>
  /** Number of a message type; `MESSAGE_TYPE.Record` when not said. System types are refused. */
  readonly type?: number
}

export interface AppendOptions {
  /** How many milliseconds to wait for the outcome. Default: the WAL’s `appendTimeoutMs`. */
  readonly timeoutMs?: number
  /** Its abort ends the wait, not the append (G4). */
  readonly signal?: AbortSignal
  /**
   * The message gets a greater time tick than this, once everything on this log up to it has its outcome. One in the
   * past costs no wait; one further ahead of the wall clock than `maxClockAheadMs` is `WAL_CLOCK_AHEAD` (not written).
   */
  readonly barrierTimeTick?: TimeTick
}

/** A message's place in the log. */
export interface AppendResult {
  /** For `read({ after })`, `read({ from })` and `truncate`. */
  readonly position: Position
  readonly timeTick: TimeTick
  /** The backend's id as text, for tools; a number is written in base 36, as Milvus does. */
  readonly messageId: string
  readonly vchannel: string
  /** What interceptors had to add: of several, what the outermost returned. */
  readonly extra?: unknown
  toJSON(): { position: Position; timeTick: string; messageId: string; vchannel: string }
}

/**
 * What became of the messages that a token names: the one of an `append`, or those of an `appendBatch` that
 * `error.results` left open. `written`: all of them, with their results in order. `partly`: the first of them, with their
 * results; the others are not written. `not-written` is forever: it never will be delivered.
 */
export type AppendResolution =
  | { readonly outcome: 'written'; readonly results: readonly AppendResult[] }
  | { readonly outcome: 'partly'; readonly results: readonly AppendResult[] }
  | { readonly outcome: 'not-written' }

export interface Channel {
  readonly name: string
  readonly accessMode: 'rw' | 'ro'
  /** Epoch of the writer; −1 on a read-only log. */
  readonly term: number
}

/** A log open for reading. Given to users; implemented by core alone. */
export interface ReadOnlyWAL {
  readonly backend: string
  readonly channel: Channel
  /** What this log is worth, in a form that a program can read. */
  readonly guarantees: Guarantees
  /** Aborted, with the reason, when the WAL stops being usable: `WAL_FENCED`, `WAL_CLOSED`, … */
  readonly signal: AbortSignal
  /**
   * Starts at once. Close it, or leave its loop. Bad options and a closed WAL are thrown; everything else comes out of the
   * scanner.
   */
  read<O extends ReadOptions = NoReadOptions>(options?: O): Scanner<Delivery<O>>
  /**
   * What became of the appends whose outcome is unknown, by the `token` of their error: in this process or another, on a
   * writer (which appends a time tick to find out) or on a read-only log (which waits for the writer's next record). Any
   * number of calls share one reading of the log. Its signal, and `close`, end it at once.
   *
   * Rejects: `WAL_POSITION_TRUNCATED` when the log no longer knows, `WAL_LOG_ROLLED_BACK` when it lost the record that was
   * acknowledged before the appends were sent, `WAL_POSITION_MISMATCH` for another log's token, `WAL_INVALID_ARGUMENT`,
   * `WAL_SPEC_UNSUPPORTED` for a later version's token, `WAL_CLOSED`, or with `signal.reason`. On a WAL that is no longer
   * the writer: with the code of what ended it, when no newer writer has opened the log yet, and with that of the failure
   * when the log can't be read. Ask again on another WAL.
   */
  resolve(token: string, waits?: Waits): Promise<AppendResolution>
  /** Closes the scanners, then the log; on `openWal`'s WAL the opener as well. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The log's one writer. */
export interface WAL extends ReadOnlyWAL {
  /**
   * Appends one message. Resolves when it is durable at the level that `guarantees.durability` names. Un-awaited
   * appends to one vchannel are stored and settle in call order.
   *
   * Rejects with an `AppendError` whose `outcome` says what is certain: `WAL_RATE_LIMITED`, `WAL_TIMEOUT` (never sent),
   * `WAL_OUTCOME_UNKNOWN` (sent, no answer yet; `token`), `WAL_FENCED`, `WAL_CLOSED`, `WAL_MESSAGE_TOO_LARGE`,
   * `WAL_CLOCK_AHEAD` (the barrier), or the code of what else ended the writer. Where the deadline passed while the backend
   * failed, the last failure is the cause, and the text tells it. Not written, and as they are:
   * `WAL_INVALID_ARGUMENT` (before anything else), `signal.reason` for an abort before it was sent, and what an interceptor
   * threw.
   */
  append(message: NewMessage, options?: AppendOptions): Promise<AppendResult>
  /**
   * Appends in order; one result each. On failure an `AppendBatchError`: `results` of the prefix that is certain, and the
   * `outcome` of the rest, under the code that `append` would have; when that is unknown, one `token` for all of the rest. Where nothing was sent, an abort's reason and what an
   * interceptor threw come as they are.
   */
  appendBatch(messages: readonly NewMessage[], options?: AppendOptions): Promise<AppendResult[]>
  /**
   * The way to load much: pulls from `source` only while the byte budget has room, yields results in order. Leaving the
   * loop or an error closes the source; what was sent by then goes on. The loop rejects as `append` does, after the results
   * of all messages before the one that failed or was refused. What is no iterable, and a closed WAL, is thrown at once.
   */
  appendAll(
    source: Iterable<NewMessage> | AsyncIterable<NewMessage>,
    options?: AppendOptions,
  ): AsyncIterableIterator<AppendResult>
  /**
   * Persists a time tick; resolves to it. Every append that was called before lies below, unless an interceptor still
   * holds it. Waits for room and rejects as `append` does.
   */
  barrier(options?: Omit<AppendOptions, 'barrierTimeTick'>): Promise<TimeTick>
  /**
   * Reading up to and including this time tick (`read({ until })`) gives everything acknowledged so far: on one vchannel,
   * or on the whole log when none is named. It is persisted already.
   */
  latestReadableTimeTick(vchannel?: string): Promise<TimeTick>
  /**
   * Lets go of everything up to and including the message at `position`. Afterwards `read` begins behind it. Storage is
   * freed at the backend's granularity. Backwards is a no-op. Rejects: `WAL_INVALID_ARGUMENT` (no position),
   * `WAL_POSITION_MISMATCH`, `WAL_LOG_ROLLED_BACK` (the log does not hold what the position names; nothing was truncated),
   * and as `append` does. With the outcome `not-written` the log begins where it did. With `unknown` it may begin behind
   * `position`, or may come to; the same call again finishes what one left half done.
   */
  truncate(position: Position, waits?: Waits): Promise<void>
}
