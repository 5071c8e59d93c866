import type { Appender } from '../append/appender.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { LookSchedule } from './look-schedule.js'

export interface FenceWatchOptions {
  readonly options: Pick<ResolvedWalOptions, 'runtime' | 'logger' | 'fenceCheckMs'>
  readonly where: string
  readonly appender: Pick<Appender, 'idle' | 'lastAcked'>
  /** Rejects when the writer is no longer the current one, and ends it then. */
  readonly look: () => Promise<void>
}

/** Looks now and then: an idle writer learns of its successor too, though nothing of it reaches the backend's fence. */
export class FenceWatch {
  readonly #options: FenceWatchOptions
  readonly #schedule: LookSchedule

  constructor(options: FenceWatchOptions) {
    this.#options = options
    const { runtime, fenceCheckMs: everyMs } = options.options
    this.#schedule = new LookSchedule({
      runtime,
      everyMs,
      state: () => options.appender.lastAcked,
      look: () => this.#look(),
    })
  }

  close(): void {
    this.#schedule.close()
  }

  async #look(): Promise<void> {
    const { appender, look, where, options } = this.#options
    try {
      // The answers to a busy writer's appends tell it.
      if (appender.idle) await look()
    } catch (err) {
      // A failure that passes is told by the next look, or by the next append.
      options.logger.debug({ err }, `${where}: could not look for a newer writer`)
    }
  }
}
