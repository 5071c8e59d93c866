import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/**
 * Decides, record after record in log order and void ones left out, which records were stored before. A writer gives its
 * messages rising time ticks and keeps one that it sends again as it was. So a record whose time tick does not rise is a
 * second copy.
 *
 * Example: a writer's batch with the time ticks 10 and 11 was stored, its answer got lost, and the writer sent the batch
 * again, then 12. The log holds 10, 11, 10, 11, 12, and the third and the fourth record are copies.
 */
export class DuplicateJudge {
  #timeTick: TimeTick

  /** `timeTick`: the last one that counts where reading starts. */
  constructor(timeTick: TimeTick = -1n) {
    this.#timeTick = timeTick
  }

  /** The highest time tick so far, -1 before the first. */
  get timeTick(): TimeTick {
    return this.#timeTick
  }

  isCopy({ timeTick }: LogRecord): boolean {
    if (timeTick <= this.#timeTick) return true
    this.#timeTick = timeTick
    return false
  }
}
