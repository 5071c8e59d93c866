import { PositionTruncatedError, WalError } from '@wal/walimpls'
import type { Entry } from './stored/entry-decoder.js'
import { idText, messageIds, type RedisStreamsId } from './stored/message-id.js'

/** The ends of a log, as the server knew them when it read a page. */
export interface LogEnds {
  /** The greatest id ever stored in the log; undefined when the server has no such entry in the log's state. */
  readonly last: RedisStreamsId | undefined
  /**
   * The oldest record kept, and below it the greatest id that was freed. Both are undefined for a log that was never truncated.
   */
  readonly oldest: RedisStreamsId | undefined
  readonly below: RedisStreamsId | undefined
}

/**
 * Checks that no entry is missing between two that follow each other: every entry names the id of the one before it. Redis
 * itself reads over a hole, or behind a lost end, as if nothing were missing. This check turns both into an error (G8).
 */
export class Continuity {
  /**
   * The last id that was given out, or the id after which the scanner starts. Undefined when only the first wanted id is known.
   */
  #after: RedisStreamsId | undefined
  #wanted: RedisStreamsId | undefined
  readonly #place: string

  constructor(place: string) {
    this.#place = place
  }

  /** The next entry has to be the one that follows this id. */
  startAfter(id: RedisStreamsId): void {
    this.#after = id
    this.#wanted = undefined
  }

  /** The next entry has to be the one with this id. */
  startAt(id: RedisStreamsId): void {
    this.#after = undefined
    this.#wanted = id
  }

  /** The first argument of XRANGE for the next page. */
  get from(): string {
    return this.#after === undefined ? idText(this.#wanted as RedisStreamsId) : `(${idText(this.#after)}`
  }

  /**
   * Checks the next entry. Throws `WAL_POSITION_TRUNCATED` when entries before it are gone, and `WAL_LOG_ROLLED_BACK` when the
   * log lost its end.
   */
  take({ message, previous }: Entry): void {
    const { id } = message
    if (this.#after === undefined) {
      const wanted = this.#wanted as RedisStreamsId
      if (isAfter(id, wanted))
        throw isAfter(wanted, previous) ? this.#rolledBack(previous, wanted) : this.#removed(id)
    } else if (id.milliseconds !== this.#after.milliseconds || id.ordinal !== this.#after.ordinal + 1) {
      // Nearly all entries have the ordinal that follows. Only the others name the entry before them, and are compared here.
      if (isAfter(previous, this.#after)) throw this.#removed(id)
      if (isAfter(this.#after, previous)) throw this.#rolledBack(previous, this.#after)
    }
    this.#after = id
  }

  /**
   * For a page that ends with the log: the error to throw when entries with later ids were stored and are gone; else undefined.
   */
  missingBehind({ last }: LogEnds): Error | undefined {
    const after = this.#after
    if (last === undefined || after === undefined || !isAfter(last, after)) return undefined
    return this.#removed(undefined)
  }

  /** For a page without entries: throws when the log should have more, or when it lost its end. */
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
