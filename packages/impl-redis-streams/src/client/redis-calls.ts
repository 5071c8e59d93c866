import { type Runtime, WalError } from '@wal/walimpls'
import type { Cluster, Redis } from 'ioredis'
import { listen } from './client-events.js'
import { CallFailure, mapError } from './error-mapping.js'

export type RedisClient = Redis | Cluster

/**
 * Commands that always settle. ioredis leaves promises pending forever when a connection ends under them and resending
 * is off (redis/ioredis#2193, in 6.0.0), and may keep others for long; here the end of the connection, a deadline or
 * `close` rejects what is under way. The server may have run it all the same.
 */
export class RedisCalls {
  readonly #pending = new Set<(error: Error) => void>()
  #closed = false
  /** Why there is no connection, as far as the client says: a password that was changed, say. */
  #trouble: unknown
  readonly #stops: readonly (() => void)[]

  readonly #runtime: Runtime
  readonly #timeoutMs: number

  /** It hears the client's errors, also of a client that a user made: they come out in the errors of calls. */
  constructor(
    readonly client: RedisClient,
    runtime: Runtime,
    timeoutMs: number,
  ) {
    this.#runtime = runtime
    this.#timeoutMs = timeoutMs
    this.#stops = [
      listen(client, 'close', () => this.#rejectAll('the connection ended under the request')),
      listen(client, 'error', (error) => {
        this.#trouble = error
      }),
      listen(client, 'ready', () => {
        this.#trouble = undefined
      }),
    ]
  }

  /** Rejects with one of our errors, as `mapped` makes it. `doing` begins its sentence. */
  call<T>(
    doing: string,
    send: (client: RedisClient) => Promise<T>,
    mapped: typeof mapError = mapError,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(new WalError('WAL_CLOSED', `${doing}: the opener is closed`))
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#pending.delete(fail)
        timer.clear()
        reject(mapped(error, doing, this.#trouble))
      }
      const timer = this.#runtime.setTimeout(
        () => fail(new CallFailure(`no answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      )
      this.#pending.add(fail)
      send(this.client).then((value) => {
        this.#pending.delete(fail)
        timer.clear()
        resolve(value)
      }, fail)
    })
  }

  close(): void {
    this.#closed = true
    for (const stop of this.#stops) stop()
    this.#rejectAll('the client was closed')
  }

  #rejectAll(why: string): void {
    for (const fail of [...this.#pending]) fail(new CallFailure(why))
  }
}
