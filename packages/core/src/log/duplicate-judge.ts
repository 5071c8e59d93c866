import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/**
 * Decides which records are second copies. It is given the records that are not void, in log order. A writer gives its messages
 * rising time ticks, and sends a message again with the time tick that the message had. So a record whose time tick does not
 * rise is a second copy.
 *
 * Example: a writer's batch with the time ticks 10 and 11 was stored, the backend's answer got lost, and the writer sent the
 * batch again, and then 12. The log holds 10, 11, 10, 11, 12. The third and the fourth record are second copies.
 */
export class DuplicateJudge {
  #timeTick: TimeTick

  /** `timeTick`: that of the last record that counts where reading starts. */
  constructor(timeTick: TimeTick = -1n) {
    this.#timeTick = timeTick
  }

  /** The highest time tick so far; -1 before the first record. */
  get timeTick(): TimeTick {
    return this.#timeTick
  }

  isCopy({ timeTick }: LogRecord): boolean {
    if (timeTick <= this.#timeTick) return true
    this.#timeTick = timeTick
    return false
  }
}
