import type { Runtime, Waits } from '@wal/walimpls'
import { CallFailure, onAbort } from '@wal/walimpls/helper'

/** The calls of a driver, each of which settles within a time limit and when the driver is closed. */
export class Operations {
  readonly #runtime: Pick<Runtime, 'setTimeout'>
  readonly timeoutMs: number
  readonly #running = new Set<AbortController>()
  #closed: unknown

  constructor(runtime: Pick<Runtime, 'setTimeout'>, timeoutMs: number) {
    this.#runtime = runtime
    this.timeoutMs = timeoutMs
  }

  /**
   * Runs an operation, which ends when its signal aborts. The signal aborts with a `CallFailure` when the time is over. The
   * operation may then reject with an error that tells more.
   */
  async run<T>(waits: Waits | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw this.#closed
    waits?.signal?.throwIfAborted()
    const controller = new AbortController()
    const { signal } = controller
    const late = () => controller.abort(new CallFailure(`no answer within ${this.timeoutMs} ms`))
    const timer = this.#runtime.setTimeout(late, this.timeoutMs)
    const stop = waits?.signal && onAbort(waits.signal, (reason) => controller.abort(reason))
    this.#running.add(controller)
    try {
      return await work(signal)
    } finally {
      this.#running.delete(controller)
      timer.clear()
      stop?.()
    }
  }

  /** Fails the calls in progress, and refuses later ones. */
  close(why: unknown): void {
    this.#closed ??= why
    for (const controller of this.#running) controller.abort(why)
  }
}
