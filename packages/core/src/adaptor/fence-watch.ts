import type { Timer } from '@wal/walimpls'
import type { Appender } from '../append/appender.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'

export interface FenceWatchOptions {
  readonly options: Pick<ResolvedWalOptions, 'runtime' | 'logger' | 'fenceCheckMs'>
  readonly where: string
  readonly appender: Pick<Appender, 'idle'>
  /** Rejects when the writer is no longer the current one, and ends it then. */
  readonly look: () => Promise<void>
}

/** Looks now and then: an idle writer learns of its successor too, though nothing of it reaches the backend's fence. */
export class FenceWatch {
  readonly #options: FenceWatchOptions
  #timer: Timer | undefined
  #closed = false

  constructor(options: FenceWatchOptions) {
    this.#options = options
    this.#plan()
  }

  close(): void {
    this.#closed = true
    this.#timer?.clear()
  }

  #plan(): void {
    const { runtime, fenceCheckMs } = this.#options.options
    if (fenceCheckMs === 0 || this.#closed) return
    this.#timer = runtime.setTimeout(() => void this.#look(), fenceCheckMs, { background: true })
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
    this.#plan()
  }
}
