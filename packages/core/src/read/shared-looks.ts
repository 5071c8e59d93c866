import type { Runtime } from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { LogEnd } from '../log/log-end.js'

/**
 * After this time a request for the log's end counts as hanging, on a dead connection for example. Callers that come later
 * start another one.
 */
const PATIENCE_MS = 2_000

/**
 * Asks for a log's end on behalf of many callers at once, since a loop may start a thousand scanners. A request answers only
 * the callers that came before it was sent. So two requests are enough, one under way and one behind it, unless the first
 * hangs.
 *
 * Example: scanner 1 sends a request. Scanners 2 to 1,000 call while that request is under way. When it is answered, one more
 * request is sent, and answers all of them.
 */
export class SharedLooks {
  readonly #runtime: Runtime
  readonly #look: () => Promise<LogEnd>
  #underWay: Promise<LogEnd> | undefined
  #next: Promise<LogEnd> | undefined

  /** `look` asks for the log's end once. It must reject when the log is closed. */
  constructor(runtime: Runtime, look: () => Promise<LogEnd>) {
    this.#runtime = runtime
    this.#look = look
  }

  /** The log's end, asked for after this call. The signal ends only this caller's wait. */
  end(signal: AbortSignal): Promise<LogEnd> {
    if (this.#underWay !== undefined) this.#next ??= this.#beginBehind(this.#underWay)
    const look = this.#next ?? this.#begin()
    return abortable(look, signal)
  }

  #begin(): Promise<LogEnd> {
    const look = this.#look()
    this.#underWay = look
    const done = () => {
      // Another request may have been sent in the meantime; that one stays.
      if (this.#next === undefined && this.#underWay === look) this.#underWay = undefined
    }
    look.then(done, done)
    return look
  }

  async #beginBehind(before: Promise<LogEnd>): Promise<LogEnd> {
    const waited = new AbortController()
    const patience = sleep(this.#runtime, PATIENCE_MS, waited.signal)
    // The callers of this request get its failure; nobody else need handle it.
    await Promise.race([before, patience]).catch(() => {})
    patience.catch(() => {})
    waited.abort()
    this.#next = undefined
    return this.#begin()
  }
}
