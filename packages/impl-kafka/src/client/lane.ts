import type { Runtime } from '@wal/walimpls'
import type { KafkaRequest } from '../protocol/request.js'
import type { Connection } from './connection.js'
import { Deadline } from './deadline.js'
import type { AdminRequest } from './kafkajs.js'

/**
 * One connection of a broker for one kind of request, made when the first request needs it and again after it was lost. A
 * broker answers a connection's requests one by one, so that each kind that may wait long has a lane of its own.
 *
 * Requests go out in the order of the calls, and never over two connections at once.
 */
export class Lane {
  #connection: Connection | undefined
  /** The connection that is being made. All calls in the meantime wait for this one. */
  #opening: Promise<Connection> | undefined
  #closed: unknown
  readonly #connect: (signal: AbortSignal) => Promise<Connection>
  readonly #abort = new AbortController()

  readonly #runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>

  constructor(
    connect: (signal: AbortSignal) => Promise<Connection>,
    runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>,
  ) {
    this.#connect = connect
    this.#runtime = runtime
  }

  /** Whether a request would go out at once. */
  get connected(): boolean {
    return this.#usable !== undefined
  }

  /**
   * The connection itself, for a reader that must not go on over another one: in the meantime the log may have lost its end,
   * and gained another.
   */
  async connection(): Promise<Connection> {
    return this.#usable ?? (await this.#opened())
  }

  /** Making the connection, if need be, and the request have the time limit together. */
  ask<A>(request: KafkaRequest<A>, timeoutMs: number): Promise<A> {
    return this.#within(timeoutMs, (connection, leftMs) => connection.ask(request, leftMs))
  }

  askAdmin<A>(request: AdminRequest<A>, timeoutMs: number): Promise<A> {
    return this.#within(timeoutMs, (connection, leftMs) => connection.askAdmin(request, leftMs))
  }

  /** Ends the connection, and refuses later calls with `why`. Resolves when the socket is closed. */
  async close(why: unknown): Promise<void> {
    this.#closed ??= why
    this.#abort.abort(why)
    await this.#connection?.end(why)
    const opening = await this.#opening?.catch(() => undefined)
    await opening?.end(why)
  }

  get #usable(): Connection | undefined {
    const connection = this.#connection
    return connection === undefined || this.#opening !== undefined || connection.ended || connection.retires
      ? undefined
      : connection
  }

  async #within<A>(
    timeoutMs: number,
    call: (connection: Connection, leftMs: number) => Promise<A>,
  ): Promise<A> {
    const usable = this.#usable
    if (usable !== undefined) return call(usable, timeoutMs)
    const deadline = new Deadline(this.#runtime, timeoutMs)
    const connection = await deadline.within(this.#opened())
    return call(connection, deadline.left)
  }

  #opened(): Promise<Connection> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #open(): Promise<Connection> {
    const before = this.#connection
    // A batch that goes out over a second connection could overtake one on the first.
    if (before !== undefined && !before.ended) await before.settled()
    const connection = await this.#connect(this.#abort.signal)
    if (before !== undefined && !before.ended) {
      connection.renews(before)
      await before.end(new Error('the login on this connection is too old'))
    }
    if (this.#closed !== undefined) {
      await connection.end(this.#closed)
      throw this.#closed
    }
    this.#connection = connection
    return connection
  }
}
