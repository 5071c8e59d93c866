import type { BuildWaits, WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import { listen } from './client-events.js'
import { mapError } from './error-mapping.js'
import type { RedisClient } from './redis-calls.js'

/** The event that a client emits when one of its sentinels could not be asked. Its argument is the error. */
export const SENTINEL_FAILED = 'wal:sentinel-failed'

/**
 * Watches a client that connects for the first time. ioredis keeps trying sentinels whatever they answer. Here, an error that
 * will not change (a wrong password, say) ends the attempts, and every other error is reported to the caller of `build`.
 */
export class Attempts {
  /** Rejects as soon as it is certain that the client cannot connect. */
  readonly hopeless: Promise<never>
  /** The last error with a reason. ioredis often says only that a connection has ended. */
  reason: unknown
  readonly #stops: readonly (() => void)[]
  /** The errors of the sentinels in the present round, in which ioredis asks each of them once. */
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
    // One working sentinel would have told the address of the primary. When all fail, a sentinel's error is the reason to
    // report.
    const mapped = sentinels.at(-1) ?? mapError(error, this.#doing)
    this.reason = mapped
    const final = sentinels.length > 0 ? sentinels.every(({ retryable }) => !retryable) : !mapped.retryable
    if (final) this.#givenUp.reject(mapped)
    else this.#waits.failed?.(mapped)
  }
}
