import type { Runtime } from '@wal/walimpls'
import { SettlingCalls } from '@wal/walimpls/helper'
import type { Cluster, Redis } from 'ioredis'
import { listen } from './client-events.js'
import { mapError } from './error-mapping.js'

export type RedisClient = Redis | Cluster

/**
 * Commands that always settle. When a connection ends and resending is off, ioredis 6.0.0 leaves the promises of commands
 * pending forever (redis/ioredis#2193); in other cases for a long time.
 */
export class RedisCalls {
  readonly #calls: SettlingCalls
  /**
   * The client's last connection error: why commands get no answer, such as a password that was changed. Undefined while
   * connected.
   */
  #trouble: unknown
  readonly #stops: readonly (() => void)[]

  /** Listens to the client's errors, also when a user made the client, so that errors of calls can name the reason. */
  constructor(
    readonly client: RedisClient,
    runtime: Runtime,
    timeoutMs: number,
  ) {
    this.#calls = new SettlingCalls({ what: 'The opener', runtime, timeoutMs })
    this.#stops = [
      listen(client, 'close', () => this.#calls.lost()),
      listen(client, 'error', (error) => {
        this.#trouble = error
      }),
      listen(client, 'ready', () => {
        this.#trouble = undefined
      }),
    ]
  }

  /** Makes a call. `doing` begins the message of an error: `reading orders`. `mapped` makes the error for the caller. */
  call<T>(
    doing: string,
    send: (client: RedisClient) => Promise<T>,
    mapped: typeof mapError = mapError,
  ): Promise<T> {
    return this.#calls.call(
      () => send(this.client),
      (error) => mapped(error, doing, this.#trouble),
    )
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#calls.close()
  }
}
