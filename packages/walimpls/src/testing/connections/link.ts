import { AppendError } from '../../errors/append-error.js'
import { WalError } from '../../errors/wal-error.js'
import { systemRuntime } from '../../runtime/system-runtime.js'

/** How long a server that was killed accepts no connection. */
const DOWN_MS = 20

/** All connections between a backend in this process and its users. They break together. */
export class Link {
  /** How often the connections have broken. A request during which this number changes has lost its connection. */
  breaks = 0
  #down = false
  readonly #underWay = new Set<(error: Error) => void>()

  /** Breaks every connection at once. */
  disturb(): void {
    this.breaks++
    const lost = connectionLost()
    for (const reject of [...this.#underWay]) reject(lost)
  }

  /** Breaks every connection and accepts none for some milliseconds. */
  async crash(): Promise<void> {
    this.#down = true
    this.disturb()
    await new Promise<void>((resolve) => systemRuntime.setTimeout(resolve, DOWN_MS))
    this.#down = false
  }

  /** Throws when the server accepts no connection. Nothing was sent then, so the outcome is `not-written`. */
  assertUp(): void {
    if (this.#down)
      throw new AppendError('WAL_UNAVAILABLE', 'The server takes no connection.', { outcome: 'not-written' })
  }

  /** Makes a request. Rejects when the connections break before the answer arrives. */
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

/** An error as a driver makes it. It is no `WalError`, so the outcome of an append that rejects with it is unknown. */
export function connectionLost(): Error {
  return new Error('the connection was reset')
}

/** The error of any other call whose connection broke. */
export function unavailable(cause: unknown): WalError {
  return new WalError('WAL_UNAVAILABLE', 'the connection was reset', { cause })
}
