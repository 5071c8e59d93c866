import type { Appender } from '../append/appender.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { LookSchedule } from './look-schedule.js'

export interface FenceWatchOptions {
  readonly options: Pick<ResolvedWalOptions, 'runtime' | 'logger' | 'fenceCheckMs'>
  readonly where: string
  readonly appender: Pick<Appender, 'idle' | 'lastAcked'>
  /** Reads the log. Ends the writer, and rejects, when another writer is the current one. */
  readonly look: () => Promise<void>
}

/**
 * Lets an idle writer read the log's end now and then. An idle writer sends nothing that a fence could refuse, so without this
 * it would never learn that another writer took over.
 */
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
      // A busy writer learns from its appends that it was replaced.
      if (appender.idle) await look()
    } catch (err) {
      // The failure is only logged. If it lasts, the next append reports it.
      options.logger.debug({ err }, `${where}: could not look for a newer writer`)
    }
  }
}
