import type { Runtime } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { LogEnd } from '../log/log-end.js'

/** A look that takes longer may never end: its connection is dead, say. Nobody waits for it any more who has asked since. */
const PATIENCE_MS = 2_000

/**
 * Looks at a log's end for many who ask at once, as a thousand scanners do that are started in a loop. A look answers those
 * who asked before it began, so at most one is under way and one is to follow, unless that one takes long.
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
      // The next one takes its place otherwise, or has taken it.
      if (this.#next === undefined && this.#underWay === look) this.#underWay = undefined
    }
    look.then(done, done)
    return look
  }

  async #beginBehind(before: Promise<LogEnd>): Promise<LogEnd> {
    const waited = new AbortController()
    const patience = sleep(this.#runtime, PATIENCE_MS, waited.signal)
    // How that one failed is told to those who waited for it.
    await Promise.race([before, patience]).catch(() => {})
    patience.catch(() => {})
    waited.abort()
    this.#next = undefined
    return this.#begin()
  }
}
