import { abortable } from '@wal/walimpls/helper'
import type { LogEnd } from '../position/log-end.js'

/**
 * Looks at a log's end for many who ask at once, as a thousand scanners do that are started in a loop. A look answers those
 * who asked before it began, so at most one is under way and one is awaited.
 */
export class SharedLooks {
  readonly #look: () => Promise<LogEnd>
  #underWay: Promise<LogEnd> | undefined
  #next: Promise<LogEnd> | undefined

  /** `look` ends with the log. */
  constructor(look: () => Promise<LogEnd>) {
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
      // The next one takes its place otherwise.
      if (this.#next === undefined) this.#underWay = undefined
    }
    look.then(done, done)
    return look
  }

  async #beginBehind(before: Promise<LogEnd>): Promise<LogEnd> {
    await before.catch(() => {})
    this.#next = undefined
    return this.#begin()
  }
}
