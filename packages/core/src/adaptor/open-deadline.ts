import { WalError } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import { lastFailure, Trouble } from '../diagnostics/trouble.js'
import type { CheckedOpen } from '../options/open-options.js'

/**
 * Bounds one open, from connecting to the last look into the log. When the time is over its error says what the open waited
 * for.
 */
export class OpenDeadline {
  /** For messages: backend and channel. */
  readonly where: string
  readonly trouble: Trouble
  readonly #timeoutMs: number
  readonly #ending = new AbortController()
  readonly #stops: (() => void)[] = []
  /** What the open is waiting for now. */
  #phase = 'connecting to the backend'

  constructor(backend: string, { channel, openTimeoutMs, signal, options }: CheckedOpen) {
    const { runtime, logger } = options
    this.where = `${backend} channel "${channel.name}"`
    this.trouble = new Trouble({ runtime, logger, where: this.where })
    this.#timeoutMs = openTimeoutMs
    const timer = runtime.setTimeout(() => this.#ending.abort(this.#expired()), openTimeoutMs)
    this.#stops.push(() => timer.clear())
    if (signal !== undefined) this.endWith(signal)
  }

  /** Aborts when the time is over or the caller gives up. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  endWith(signal: AbortSignal): void {
    this.#stops.push(onAbort(signal, (reason) => this.#ending.abort(reason)))
  }

  /** The backend is connected. */
  connected(): void {
    this.trouble.over('connected')
    this.#phase = 'opening the log'
  }

  /** Called when the open has succeeded, failed or was given up. */
  clear(): void {
    for (const stop of this.#stops) stop()
  }

  #expired(): WalError {
    const { last } = this.trouble
    const text = `${this.where}: not open after ${this.#timeoutMs} ms (openTimeoutMs), still ${this.#phase}.${lastFailure(last)}`
    return new WalError('WAL_TIMEOUT', text, { cause: last })
  }
}
