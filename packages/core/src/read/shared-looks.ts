import type { Runtime } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { LogEnd } from '../log/log-end.js'

/** A look that takes longer may never end, because its connection is dead, say. Later callers wait no longer for it. */
const PATIENCE_MS = 2_000

/**
 * Looks at a log's end for many callers at once: a loop may start a thousand scanners. A look answers the callers that
 * asked before the look began. So two looks are enough, one under way and one to follow, unless the first takes long.
 *
 * Example: scanner 1 asks, and its look begins. Scanners 2 to 1,000 ask while that look is under way. When it ends, one more
 * look begins, and answers all of them.
 */
export class SharedLooks {
  readonly #runtime: Runtime
  readonly #look: () => Promise<LogEnd>
  #underWay: Promise<LogEnd> | undefined
  #next: Promise<LogEnd> | undefined

  /** `look` ends with the log. */
  constructor(runtime: Runtime, look: () => Promise<LogEnd>) {
    this.#runtime = runtime
    this.#look = look
  }

  /** The signal ends the caller's wait, and nobody else's. */
  end(signal: AbortSignal): Promise<LogEnd> {
    if (this.#underWay !== undefined) this.#next ??= this.#beginBehind(this.#underWay)
    const look = this.#next ?? this.#begin()
    return abortable(look, signal)
  }

  #begin(): Promise<LogEnd> {
    const look = this.#look()
    this.#underWay = look
    const done = () => {
      // Otherwise the next look takes its place, or has done so.
      if (this.#next === undefined && this.#underWay === look) this.#underWay = undefined
    }
    look.then(done, done)
    return look
  }

  async #beginBehind(before: Promise<LogEnd>): Promise<LogEnd> {
    const waited = new AbortController()
    const patience = sleep(this.#runtime, PATIENCE_MS, waited.signal)
    // A failure is told to the callers of that look.
    await Promise.race([before, patience]).catch(() => {})
    patience.catch(() => {})
    waited.abort()
    this.#next = undefined
    return this.#begin()
  }
}
