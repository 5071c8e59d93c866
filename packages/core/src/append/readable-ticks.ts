import { MESSAGE_TYPE, type TimeTick } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'

/** More vchannels than this are not told apart: the least recently written ones share a bound. */
const MAX_VCHANNELS = 4096

/**
 * Up to which time tick a reader has to read to see everything that was acknowledged on a vchannel. These
 * ticks are those of stored messages, so each is persisted before anybody learns of it.
 */
export class ReadableTicks {
  readonly #vchannels = new Map<string, TimeTick>()
  readonly #maxVchannels: number
  /** Of messages that belong to every vchannel, and of vchannels that are not told apart any more. */
  #everywhere: TimeTick
  #newest: TimeTick

  constructor(opening: TimeTick, maxVchannels = MAX_VCHANNELS) {
    this.#everywhere = opening
    this.#newest = opening
    this.#maxVchannels = maxVchannels
  }

  /** Consecutive time ticks from `first`, one for each record of these tasks. */
  acknowledged(tasks: readonly Pick<AppendTask, 'vchannel' | 'type'>[], first: TimeTick): void {
    const { length } = tasks
    for (let i = 0; i < length; i++) {
      const { vchannel, type } = tasks[i] as AppendTask
      // The last of a run on one vchannel speaks for all of it.
      const next = tasks[i + 1]
      if (next !== undefined && next.vchannel === vchannel && next.type === type) continue
      const timeTick = first + BigInt(i)
      if (vchannel !== '') this.#remember(vchannel, timeTick)
      else if (type !== MESSAGE_TYPE.TimeTick) this.#everywhere = timeTick
    }
    this.#newest = first + BigInt(length - 1)
  }

  /** Undefined: of the whole log. */
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
