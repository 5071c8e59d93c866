import type { BuildWaits, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import { listen } from './client-events.js'
import { mapError } from './error-mapping.js'
import type { RedisClient } from './redis-calls.js'

/** Emitted on a client when one of its sentinels could not be asked, with the reason. */
export const SENTINEL_FAILED = 'wal:sentinel-failed'

/**
 * What becomes of the attempts of a client that connects for the first time. ioredis goes on trying sentinels,
 * whatever they answer; here attempts that no repetition can mend end it, and all others are told to the caller.
 */
export class Attempts {
  /** Rejects once it is certain that the client will not connect. */
  readonly hopeless: Promise<never>
  /** The last failure that says more than that a connection ended. */
  reason: unknown
  readonly #stops: readonly (() => void)[]
  /** Of the sentinels since they were last tried from the first one on. */
  #ofSentinels: WalError[] = []
  readonly #givenUp = deferred<never>()

  readonly #doing: string
  readonly #waits: Pick<BuildWaits, 'failed'>

  constructor(client: RedisClient, doing: string, waits: Pick<BuildWaits, 'failed'>) {
    this.#doing = doing
    this.#waits = waits
    this.hopeless = this.#givenUp.promise
    this.hopeless.catch(() => {})
    this.#stops = [
      listen(client, 'error', (error) => this.#failed(error)),
      listen(client, SENTINEL_FAILED, (error) => this.#ofSentinels.push(mapError(error, this.#doing))),
    ]
  }

  end(): void {
    for (const stop of this.#stops) stop()
  }

  #failed(error: unknown): void {
    const sentinels = this.#ofSentinels
    this.#ofSentinels = []
    // A sentinel that is well would have answered: with the others' errors alone nobody knows where the server is.
    const mapped = sentinels.at(-1) ?? mapError(error, this.#doing)
    this.reason = mapped
    const final = sentinels.length > 0 ? sentinels.every(({ retryable }) => !retryable) : !mapped.retryable
    if (final) this.#givenUp.reject(mapped)
    else this.#waits.failed?.(mapped)
  }
}
