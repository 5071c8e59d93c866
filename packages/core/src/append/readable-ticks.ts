import { MESSAGE_TYPE, type TimeTick } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'

/** For so many vchannels the time tick is kept apart; those that were written longest ago share one. */
const MAX_VCHANNELS = 4096

/**
 * Up to which time tick a reader has to read to see everything that was acknowledged on a vchannel. Example: messages of the
 * vchannel `eu` were acknowledged with the time ticks 11 and 14, and one of `us` with 15. Then it is 14 for `eu` and 15 for
 * `us`. All are time ticks of stored records, so none is told to anybody before it is persisted.
 */
export class ReadableTicks {
  readonly #vchannels = new Map<string, TimeTick>()
  readonly #maxVchannels: number
  /**
   * The highest time tick of messages without a vchannel, which belong to all, and of vchannels that are no longer kept
   * apart.
   */
  #everywhere: TimeTick
  #newest: TimeTick

  constructor(opening: TimeTick, maxVchannels = MAX_VCHANNELS) {
    this.#everywhere = opening
    this.#newest = opening
    this.#maxVchannels = maxVchannels
  }

  /** The records of these tasks were acknowledged. Their time ticks are `first`, `first + 1` and so on. */
  acknowledged(tasks: readonly Pick<AppendTask, 'vchannel' | 'type'>[], first: TimeTick): void {
    const { length } = tasks
    for (let i = 0; i < length; i++) {
      const { vchannel, type } = tasks[i] as AppendTask
      // Of consecutive records of one vchannel only the last has to be noted.
      const next = tasks[i + 1]
      if (next !== undefined && next.vchannel === vchannel && next.type === type) continue
      const timeTick = first + BigInt(i)
      if (vchannel !== '') this.#remember(vchannel, timeTick)
      else if (type !== MESSAGE_TYPE.TimeTick) this.#everywhere = timeTick
    }
    this.#newest = first + BigInt(length - 1)
  }

  /** For `undefined` it answers the time tick of the whole log. */
  of(vchannel: string | undefined): TimeTick {
    if (vchannel === undefined) return this.#newest
    const own = this.#vchannels.get(vchannel) ?? -1n
    return own > this.#everywhere ? own : this.#everywhere
  }

  #remember(vchannel: string, timeTick: TimeTick): void {
    const known = this.#vchannels
    known.delete(vchannel)
    known.set(vchannel, timeTick)
    if (known.size <= this.#maxVchannels) return
    for (const [oldest, tick] of known) {
      known.delete(oldest)
      if (tick > this.#everywhere) this.#everywhere = tick
      return
    }
  }
}
