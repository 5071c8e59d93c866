import type { Runtime } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

/**
 * One activity that goes on through failures. It keeps the last failure for those who stop waiting, and warns: at the
 * first failure, then in pauses that double, however often the activity is tried again. A warning at every attempt would
 * hide everything else in a log.
 */
export class Trouble {
  readonly #parts: {
    readonly runtime: Pick<Runtime, 'monotonic'>
    readonly logger: Logger
    readonly where: string
  }
  #last: { readonly error: unknown } | undefined
  #failures = 0
  #since = 0
  #warnedAt = 0
  #pauseMs = 0

  constructor(parts: {
    readonly runtime: Pick<Runtime, 'monotonic'>
    readonly logger: Logger
    readonly where: string
  }) {
    this.#parts = parts
  }

  /** The last failure of what is being tried again; undefined when nothing is. */
  get last(): unknown {
    return this.#last?.error
  }

  /** It failed and will be tried again. `what` is a sentence without its subject: `append failed, sending again`. */
  failed(err: unknown, what: string, fields: object = {}): void {
    const { runtime, logger, where } = this.#parts
    const now = runtime.monotonic()
    if (this.#last === undefined) {
      this.#since = now
      this.#pauseMs = 0
      this.#failures = 0
    }
    this.#last = { error: err }
    this.#failures++
    const quiet = this.#failures > 1 && now - this.#warnedAt < this.#pauseMs
    if (!quiet) {
      this.#warnedAt = now
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2))
    }
    const told = { err, ...fields, failures: this.#failures, forMs: Math.round(now - this.#since) }
    logger[quiet ? 'debug' : 'warn'](told, `${where}: ${what}`)
  }

  /** It succeeded. What had lasted long enough for a second warning is told to be over. */
  over(what: string): void {
    if (this.#last === undefined) return
    const { runtime, logger, where } = this.#parts
    const forMs = Math.round(runtime.monotonic() - this.#since)
    this.#last = undefined
    if (this.#pauseMs > FIRST_PAUSE_MS) logger.info({ failures: this.#failures, forMs }, `${where}: ${what}`)
  }
}

/** The sentence that ends an error's text with the failure behind it; nothing when none is known. */
export function lastFailure(error: unknown): string {
  return error === undefined ? '' : ` The last failure: ${textOf(error)}`
}

function textOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
