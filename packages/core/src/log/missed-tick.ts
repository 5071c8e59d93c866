import { type MessageId, PositionTruncatedError } from '@wal/walimpls'
import { type LogRecord, placeOf } from './log-record.js'
import type { NamedLog } from './log-view.js'

/**
 * Notices that a backend has passed over records, although no id shows it. Each record names the persisted time tick before it.
 * When that time tick lies behind the last record that was read, it should have been read, and was not.
 *
 * Example: a reader has read message 4, and the backend goes on with message 9, which names the time tick 7. The records from 5
 * to 7, at least the last of them, are missing. If message 9 named the time tick 3, nothing would be known to be missing.
 *
 * A time tick that is not below the record which names it says nothing here: the log lost its end and gives out the same ids
 * again, which other checks notice.
 */
export class MissedTick {
  readonly #log: NamedLog
  /** The last record that was read; undefined as long as any record may come next. */
  #last: MessageId | undefined
  /** The time tick that the last record named, so that ids are compared only when another one is named. */
  #named = ''

  constructor(log: NamedLog, start: MessageId | undefined) {
    this.#log = log
    this.#last = start
  }

  /** Reading begins again: with the record `start`, or, without one, with any record. */
  begin(start: MessageId | undefined): void {
    this.#last = start
    this.#named = ''
  }

  /** The error for the records missing right before this one, which is the next one read; undefined when none are known to be. */
  see(record: LogRecord): PositionTruncatedError | undefined {
    const { previousTick, id } = record
    if (previousTick !== this.#named && previousTick !== '' && this.#isMissed(previousTick, id))
      return this.#error(record)
    this.#named = previousTick
    this.#last = id
    return undefined
  }

  #isMissed(previousTick: string, id: MessageId): boolean {
    if (this.#last === undefined) return false
    const { ids } = this.#log
    const tick = ids.parse(previousTick)
    return ids.compare(tick, this.#last) > 0 && ids.compare(tick, id) < 0
  }

  #error({ id, previousTick }: LogRecord): PositionTruncatedError {
    const { ids } = this.#log
    const last = ids.serialise(this.#last as MessageId)
    return new PositionTruncatedError(
      `${placeOf(id, this.#log)}: records between message ${last} and this one are gone. This one names the time tick ${previousTick}, which lies between the two and was not read.`,
      { oldest: ids.serialise(id) },
    )
  }
}
