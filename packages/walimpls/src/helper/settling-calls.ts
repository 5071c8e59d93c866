import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'

/** A request that got no reply. Whether the server has executed it is not known. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
}

export interface SettlingCallsOptions {
  /** Names the client at the beginning of an error for a call after the close: `The opener`. */
  readonly what: string
  readonly runtime: Pick<Runtime, 'setTimeout'>
  /** How long a request may wait for its reply, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Requests to a server, each of which settles whatever the driver does: by its reply, after `timeoutMs`, when the connection is
 * lost, or when the client is closed. Drivers may leave promises pending forever, and the adaptor waits for every append in
 * flight. A reply that comes after that is dropped; the server may nevertheless have executed the request.
 */
export class SettlingCalls {
  readonly #options: SettlingCallsOptions
  /** One function for each request in progress, which makes the request fail. */
  readonly #pending = new Set<(error: unknown) => void>()
  #closed = false

  constructor(options: SettlingCallsOptions) {
    this.#options = options
  }

  /**
   * Calls `send` at once, to give the request to the driver. `mapped` makes the error for the caller from an error of the
   * driver, from a `CallFailure` when no reply came, or from `WAL_CLOSED` when nothing was sent.
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

  /** Fails all requests in progress, because the connection was lost. Later calls use the next connection. */
  lost(why = 'the connection ended under the request'): void {
    for (const fail of [...this.#pending]) fail(new CallFailure(why))
  }

  /** Fails all requests in progress, and refuses every later call. */
  close(): void {
    this.#closed = true
    this.lost('the client was closed')
  }
}
