import type { TimeTick } from '@wal/walimpls'
import type { Position } from './position/position.js'

export interface ReadOptions {
  /** `all` (default): from the oldest record kept. `latest`: only what is appended after `ready()`. */
  readonly deliver?: 'all' | 'latest'
  /** From this position on, inclusive. */
  readonly from?: Position
  /** Behind this position: the way to resume. */
  readonly after?: Position
  /** Where to end, inclusive; `end` is the log's end at `ready()`. Without it the scanner tails for ever. */
  readonly until?: 'end' | Position | TimeTick
  /** Only this vchannel, and messages that belong to every vchannel. */
  readonly vchannel?: string
  /** Deliver time ticks as well. */
  readonly timeTicks?: boolean
  /** Its abort closes the scanner and rejects the loop with `signal.reason`. */
  readonly signal?: AbortSignal
}

/**
 * A message as it was appended. Its fields are getters: a spread or a structured clone loses them, `toJSON` keeps them. Its
 * and properties belong to the receiver alone.
 */
export interface Message {
  readonly kind: 'message'
  readonly payload: Uint8Array
  readonly properties: Map<string, string>
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
  readonly timeTick: TimeTick
  readonly position: Position
}

/** What a scanner yields under given options. */
export type Delivery<O extends ReadOptions = ReadOptions> = O extends { readonly timeTicks: true }
  ? Message | TimeTickMark
  : Message

/** A reader. One loop over it, one `next()` at a time or several: they are answered in order. */
export interface Scanner<D = Message> extends AsyncIterableIterator<D> {
  /** Resolves when the start (and `until: 'end'`) is fixed. */
  ready(): Promise<void>
  /**
   * Resolves when everything that was in the log has been handed out for the first time: so only while somebody reads.
   * Do not await it before the loop.
   */
  caughtUp(): Promise<void>
  /** Position of the last element handed out; undefined before the first. */
  readonly position: Position | undefined
  /** The same elements, as the batches they came in: for speed. Instead of the single elements. */
  batches(): AsyncIterableIterator<readonly D[]>
  next(): Promise<IteratorResult<D, undefined>>
  return(): Promise<IteratorResult<D, undefined>>
  [Symbol.asyncIterator](): Scanner<D>
  /** Ends the loop, also one that waits. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
