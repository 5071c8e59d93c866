import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'

/** A request that got no reply: whether the server has done what was asked is not known. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
}

export interface SettlingCallsOptions {
  /** Begins the error of a call that comes too late: `The opener`. */
  readonly what: string
  readonly runtime: Pick<Runtime, 'setTimeout'>
  /** How long a request may take. */
  readonly timeoutMs: number
}

/**
 * Requests over a connection, each of which settles whatever the driver does: by its reply, when its time is over, when the
 * connection is lost, or when the client is closed. Drivers leave promises pending forever, and the adaptor waits for every
 * append that is in flight. A reply that comes later is dropped; the server may have done what was asked all the same.
 */
export class SettlingCalls {
  readonly #options: SettlingCallsOptions
  /** Of each request under way: what fails it. */
  readonly #pending = new Set<(error: unknown) => void>()
  #closed = false

  constructor(options: SettlingCallsOptions) {
    this.#options = options
  }

  /**
   * `send` hands the request to the driver, at once. `mapped` makes what the caller sees of an error: of the driver's, of a
   * `CallFailure` where no reply came, or of a `WAL_CLOSED` when nothing was sent.
   */
  call<T>(send: () => Promise<T>, mapped: (error: unknown) => unknown): Promise<T> {
    const { what, runtime, timeoutMs } = this.#options
    if (this.#closed) return Promise.reject(mapped(new WalError('WAL_CLOSED', `${what} is closed.`)))
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => {
        if (!this.#pending.delete(fail)) return
        timer.clear()
        reject(mapped(error))
      }
      const timer = runtime.setTimeout(
        () => fail(new CallFailure(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      this.#pending.add(fail)
      try {
        send().then((value) => {
          this.#pending.delete(fail)
          timer.clear()
          resolve(value)
        }, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  /** The connection is gone, and with it every reply that was due. Later calls use the next connection. */
  lost(why = 'the connection ended under the request'): void {
    for (const fail of [...this.#pending]) fail(new CallFailure(why))
  }

  /** Ends what is under way, and refuses every call from now on. */
  close(): void {
    this.#closed = true
    this.lost('the client was closed')
  }
}
