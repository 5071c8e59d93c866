import { PositionTruncatedError, WalError } from '@wal/walimpls'
import type { Entry } from './stored/entry-decoder.js'
import { idText, messageIds, type RedisStreamsId } from './stored/message-id.js'

/** What the server said of a log's ends, at the moment when a page was read. */
export interface LogEnds {
  /** Greatest id ever stored; undefined when the server has none. */
  readonly last: RedisStreamsId | undefined
  /** The remembered beginning, and the greatest id that was freed; undefined for a log that was never truncated. */
  readonly oldest: RedisStreamsId | undefined
  readonly below: RedisStreamsId | undefined
}

/**
 * Goes from entry to entry by what each says of the one before it. Redis answers a read over a hole, or behind an end
 * that was lost, as if nothing were missing; here the reader gets every record that this log had, or is told (G8).
 */
export class Continuity {
  /** The last id given out, or what stands for it at the start; undefined when only `wanted` is known. */
  #after: RedisStreamsId | undefined
  #wanted: RedisStreamsId | undefined
  readonly #place: string

  constructor(place: string) {
    this.#place = place
  }

  /** The next entry follows that one. */
  startAfter(id: RedisStreamsId): void {
    this.#after = id
    this.#wanted = undefined
  }

  /** The next entry is that one. */
  startAt(id: RedisStreamsId): void {
    this.#after = undefined
    this.#wanted = id
  }

  /** First argument of XRANGE for what comes next. */
  get from(): string {
    return this.#after === undefined ? idText(this.#wanted as RedisStreamsId) : `(${idText(this.#after)}`
  }

  /** Takes the next entry. Throws `WAL_POSITION_TRUNCATED` or `WAL_LOG_ROLLED_BACK`. */
  take({ message, previous }: Entry): void {
    const { id } = message
    if (this.#after === undefined) {
      const wanted = this.#wanted as RedisStreamsId
      if (isAfter(id, wanted))
        throw isAfter(wanted, previous) ? this.#rolledBack(previous, wanted) : this.#removed(id)
    } else if (id.milliseconds !== this.#after.milliseconds || id.ordinal !== this.#after.ordinal + 1) {
      // The cheap test above is that of nearly all entries; it holds only when `previous` is implied.
      if (isAfter(previous, this.#after)) throw this.#removed(id)
      if (isAfter(this.#after, previous)) throw this.#rolledBack(previous, this.#after)
    }
    this.#after = id
  }

  /** Entries came and none follows them: `WAL_POSITION_TRUNCATED` when later ones were stored, and are gone. */
  missingBehind({ last }: LogEnds): Error | undefined {
    const after = this.#after
    if (last === undefined || after === undefined || !isAfter(last, after)) return undefined
    return this.#removed(undefined)
  }

  /** No entry came: is there truly none? */
  atEnd({ last }: LogEnds): void {
    const known = this.#after ?? (this.#wanted as RedisStreamsId)
    if (last === undefined || isAfter(known, last)) {
      if (known.milliseconds > 0) throw this.#rolledBack(last ?? messageIds.of(0, 0), known)
    } else if (isAfter(last, known) || this.#after === undefined) throw this.#removed(undefined)
  }

  #removed(oldest: RedisStreamsId | undefined): Error {
    return truncated(this.#place, this.#after ?? (this.#wanted as RedisStreamsId), oldest)
  }

  #rolledBack(kept: RedisStreamsId, known: RedisStreamsId): Error {
    return rolledBack(this.#place, kept, known)
  }
}

export function isAfter(a: RedisStreamsId, b: RedisStreamsId): boolean {
  return a.milliseconds > b.milliseconds || (a.milliseconds === b.milliseconds && a.ordinal > b.ordinal)
}

export function truncated(
  place: string,
  known: RedisStreamsId,
  oldest: RedisStreamsId | undefined,
): PositionTruncatedError {
  const kept =
    oldest === undefined ? 'No record is left behind them' : `The oldest record kept is ${idText(oldest)}`
  return new PositionTruncatedError(
    `${place}: the record that follows ${idText(known)} is gone: the log was truncated, or somebody removed it. ${kept}.`,
    oldest === undefined ? {} : { oldest: idText(oldest) },
  )
}

export function rolledBack(place: string, kept: RedisStreamsId, known: RedisStreamsId): WalError {
  return new WalError(
    'WAL_LOG_ROLLED_BACK',
    `${place}: records behind ${idText(kept)} up to ${idText(known)} were acknowledged and are gone. The server lost the log's end, probably in a failover to a replica that did not have it.`,
  )
}
