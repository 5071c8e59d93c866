import { AppendError } from '../../errors/append-error.js'
import { WalError } from '../../errors/wal-error.js'
import { systemRuntime } from '../../runtime/system-runtime.js'

/** How long a server that was killed takes no connection. */
const DOWN_MS = 20

/** All connections between a backend in this process and its users: they break together. */
export class Link {
  /** Counts the breaks: a request that finds another number than at its beginning has lost its connection. */
  breaks = 0
  #down = false
  readonly #underWay = new Set<(error: Error) => void>()

  /** Breaks every connection, now. */
  disturb(): void {
    this.breaks++
    const lost = connectionLost()
    for (const reject of [...this.#underWay]) reject(lost)
  }

  /** Breaks every connection and takes no other for a while. */
  async crash(): Promise<void> {
    this.#down = true
    this.disturb()
    await new Promise<void>((resolve) => systemRuntime.setTimeout(resolve, DOWN_MS))
    this.#down = false
  }

  /** Throws what a driver says that has no connection: certainly nothing was sent. */
  assertUp(): void {
    if (this.#down)
      throw new AppendError('WAL_UNAVAILABLE', 'The server takes no connection.', { outcome: 'not-written' })
  }

  /** A request and its answer. Rejects when the connections break before it is answered. */
  async request<T>(run: () => Promise<T>): Promise<T> {
    this.assertUp()
    let reject = (_: Error) => {}
    const lost = new Promise<never>((_, fail) => {
      reject = fail
    })
    this.#underWay.add(reject)
    try {
      return await Promise.race([run(), lost])
    } finally {
      this.#underWay.delete(reject)
    }
  }
}

/** As a driver says it: not one of ours, so the outcome of an append is unknown. */
export function connectionLost(): Error {
  return new Error('the connection was reset')
}

/** The same of anything but an append. */
export function unavailable(cause: unknown): WalError {
  return new WalError('WAL_UNAVAILABLE', 'the connection was reset', { cause })
}
