import type { Runtime } from '@wal/walimpls'
import { abortable, CallFailure, onAbort } from '@wal/walimpls/helper'
import { type Target, targetText } from './address.js'
import type { Connection } from './connection.js'

/**
 * What a connection is for. A producer’s sends must not wait behind what readers receive, nor may the rest wait behind either.
 * So there are at most three connections to a broker.
 */
export type Lane = 'producers' | 'readers' | 'rest'

export interface ConnectionPoolParts {
  readonly runtime: Pick<Runtime, 'setTimeout'>
  /** How long making a connection may take. */
  readonly timeoutMs: number
  connect(target: Target, signal: AbortSignal): Promise<Connection>
}

/** The connections of an opener. Each is made once, however many callers wait for it, and again after it was lost. */
export class ConnectionPool {
  readonly #parts: ConnectionPoolParts
  readonly #connections = new Map<string, Connection>()
  readonly #opening = new Map<string, Promise<Connection>>()
  readonly #abort = new AbortController()

  constructor(parts: ConnectionPoolParts) {
    this.#parts = parts
  }

  /** How many connections there are, those that are being made included. */
  get size(): number {
    const open = [...this.#connections.values()].filter(({ ended }) => !ended)
    return open.length + this.#opening.size
  }

  /** The connection for this use, made if need be. An abort ends the wait of this caller, not that of others. */
  async get(lane: Lane, target: Target, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    this.#abort.signal.throwIfAborted()
    const key = `${lane} ${targetText(target)}`
    const connection = this.#connections.get(key)
    if (connection !== undefined && !connection.ended) return connection
    let opening = this.#opening.get(key)
    if (opening === undefined) {
      opening = this.#open(key, target).finally(() => this.#opening.delete(key))
      // When every caller has gone, nobody hears of a failure.
      opening.catch(() => {})
      this.#opening.set(key, opening)
    }
    return abortable(opening, signal)
  }

  /** Ends all connections, and refuses later calls with `why`. Resolves when the sockets are closed. */
  async close(why: unknown): Promise<void> {
    this.#abort.abort(why)
    await Promise.allSettled(this.#opening.values())
    await Promise.all([...this.#connections.values()].map((connection) => connection.end(why)))
    this.#connections.clear()
  }

  async #open(key: string, target: Target): Promise<Connection> {
    const { runtime, timeoutMs, connect } = this.#parts
    const attempt = new AbortController()
    const late = new CallFailure(`no connection to ${targetText(target)} within ${timeoutMs} ms`)
    const timer = runtime.setTimeout(() => attempt.abort(late), timeoutMs)
    const stop = onAbort(this.#abort.signal, (reason) => attempt.abort(reason))
    try {
      const connection = await connect(target, attempt.signal)
      if (this.#abort.signal.aborted) {
        await connection.end(this.#abort.signal.reason)
        throw this.#abort.signal.reason
      }
      this.#connections.set(key, connection)
      return connection
    } finally {
      timer.clear()
      stop()
    }
  }
}
