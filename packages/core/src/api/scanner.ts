import type { TimeTick } from '@wal/walimpls'
import type { Position } from './position.js'

export interface ReadOptions {
  /**
   * Where to begin. `all`: from the oldest record kept. `latest`: only what is appended after `ready()`. Default:
   * `'all'`.
   */
  readonly deliver?: 'all' | 'latest'
  /** From this position on, inclusive. One of `deliver`, `from` and `after` at most. */
  readonly from?: Position
  /** Behind this position: the way to resume. */
  readonly after?: Position
  /**
   * Where to end, inclusive: a position, a time tick, or `end`, the log’s end at `ready()`. Without it the scanner
   * tails forever.
   */
  readonly until?: 'end' | Position | TimeTick
  /** Only this vchannel, and messages that belong to every vchannel. */
  readonly vchannel?: string
  /** Only messages of these types. Types of the library’s own are refused: they are not the reader’s to filter. */
  readonly types?: readonly number[]
  /**
   * Only what has this time tick or a greater one; time ticks delivered by `timeTicks` as well. Above one: add `1n`.
   */
  readonly timeTickFrom?: TimeTick
  /** Deliver time ticks as well, as elements of the kind `timeTick`. Default: `false`. */
  readonly timeTicks?: boolean
  /**
   * Where records that the scanner should read next are gone: `reject` with `WAL_POSITION_TRUNCATED`, or `deliver` a
   * `Gap` and go on with the oldest record kept. Default: `'reject'`.
   */
  readonly gaps?: 'reject' | 'deliver'
  /**
   * A record of another system’s log that lies below what was already delivered: `reject` with `WAL_CORRUPT`, or
   * `deliver` it as an `OrderViolation`, whatever the filters, and go on. Default: `'reject'`.
   */
  readonly orderViolations?: 'reject' | 'deliver'
  /** Its abort closes the scanner and rejects the loop with `signal.reason`. */
  readonly signal?: AbortSignal
}

/**
 * A message as it was appended. Its fields are getters: a spread or a structured clone loses them, `toJSON` keeps them.
 * Payload and properties belong to the receiver alone, to be changed and to be kept. A payload that is kept keeps no more
 * than sixteen times its size of what was read with it; a message that is kept may keep all of that, up to a megabyte,
 * until its payload was asked for.
 */
export interface Message {
  readonly kind: 'message'
  readonly payload: Uint8Array
  readonly properties: Map<string, string>
  /**
   * The library's own properties of the message, by their names in the log (`docs/wire-format.md`): `_tt`, `_wt`, … To be
   * looked at, for tools and tests. Their values are texts in Milvus' encodings.
   */
  readonly reserved: ReadonlyMap<string, string>
  /** Empty: every vchannel. */
  readonly vchannel: string
  readonly type: number
  readonly timeTick: TimeTick
  /** Resume with `read({ after: message.position })`. */
  readonly position: Position
  readonly messageId: string
  /** Term of the writer that appended it. */
  readonly term: number
  toJSON(): object
}

/** Everything up to this time tick has been delivered. */
export interface TimeTickMark {
  readonly kind: 'timeTick'
  /** Always empty: code that reads payloads need not tell marks from messages first. */
  readonly payload: Uint8Array
  readonly timeTick: TimeTick
  readonly position: Position
}

/** Records are missing here. Delivered once, in their place. */
export interface Gap {
  readonly kind: 'gap'
  /** `truncated`: by `truncate`. `lost`: the backend no longer has them, though the log was not truncated there. */
  readonly reason: 'truncated' | 'lost'
  /** What is missing lies above this time tick; undefined when nothing below is known. */
  readonly after: TimeTick | undefined
  /**
   * What is missing lies below this time tick, the oldest one kept. (On another system's log, whose storage order is not
   * time-tick order, some of what is missing may lie a little above.)
   */
  readonly before: TimeTick
  /** Behind the gap: `read({ after: gap.position })` begins with the oldest record kept. */
  readonly position: Position
  toJSON(): object
}

/** A record of another system's log that came too late for its place: what lies above it has been delivered. */
export interface OrderViolation {
  readonly kind: 'orderViolation'
  /** A time tick too, of type `MESSAGE_TYPE.TimeTick`. */
  readonly message: Message
  /** Everything up to this time tick had been delivered. */
  readonly delivered: TimeTick
  /** Resume behind it with `read({ after: violation.position })`. */
  readonly position: Position
  toJSON(): object
}

/** What a scanner may yield. */
export type ScannerElement = Message | TimeTickMark | Gap | OrderViolation

/** Options of which none is given. */
export type NoReadOptions = Readonly<Record<never, never>>

/**
 * What a scanner yields under given options. Where their type leaves it open whether an option asks for something (they
 * stand in a variable, or are a whole `ReadOptions`), that is among it.
 */
export type Delivery<O extends ReadOptions = NoReadOptions> =
  | Message
  | IfAsked<O, 'timeTicks', true, TimeTickMark>
  | IfAsked<O, 'gaps', 'deliver', Gap>
  | IfAsked<O, 'orderViolations', 'deliver', OrderViolation>

/** `Element`, if the option may have that value. */
type IfAsked<O, Name extends keyof ReadOptions, Value extends ReadOptions[Name], Element> = O extends unknown
  ? Name extends keyof O
    ? Value extends O[Name]
      ? Element
      : never
    : never
  : never

/**
 * A reader. One loop over it, one `next()` at a time or several: they are answered in order. It ends by `until`, `close`,
 * `signal`, the close of its WAL, or an error: `WAL_POSITION_TRUNCATED` (a `PositionTruncatedError`, `oldest` names where to
 * go on), `WAL_POSITION_MISMATCH`, `WAL_LOG_ROLLED_BACK`, `WAL_CORRUPT`, `WAL_SPEC_UNSUPPORTED`, `WAL_BUDGET_EXCEEDED`,
 * `WAL_CHANNEL_NOT_FOUND` (deleted under it). What may pass by itself (`retryable`, or a driver's error) it outlasts.
 */
export interface Scanner<D = Message> extends AsyncIterableIterator<D> {
  /** Resolves when the start (and `until: 'end'`) is fixed. Rejects with what ended the scanner before. */
  ready(): Promise<void>
  /**
   * Resolves when everything that was in the log has been handed out for the first time: so only while somebody reads.
   * Do not await it before the loop. Rejects with what ended the scanner before, `WAL_CLOSED` for a close.
   */
  caughtUp(): Promise<void>
  /** Position of the last element handed out; undefined before the first. */
  readonly position: Position | undefined
  /**
   * How far everything is looked at and, as far as the filters admit it, handed out: `position` or, once nothing is at hand
   * any more, a later one. A reader that filters resumes with `read({ after: scanner.progress })`, which moves on where
   * nothing for it is appended, and so stays above a truncation. At first what `after` said.
   */
  readonly progress: Position | undefined
  /** The same elements, as the batches they came in: for speed. Instead of the single elements. */
  batches(): AsyncIterableIterator<readonly D[]>
  next(): Promise<IteratorResult<D, undefined>>
  return(): Promise<IteratorResult<D, undefined>>
  [Symbol.asyncIterator](): Scanner<D>
  /** Ends the loop, also one that waits. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
