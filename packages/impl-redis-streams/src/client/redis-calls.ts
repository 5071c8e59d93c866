import { type Runtime, WalError } from '@wal/walimpls'
import type { Cluster, Redis } from 'ioredis'
import { CallFailure, mapError } from '../error-mapping.js'

export type RedisClient = Redis | Cluster

/**
 * Commands that always settle. ioredis leaves promises pending for ever when a connection ends under them and resending
 * is off (redis/ioredis#2193, in 6.0.0), and may keep others for long; here the end of the connection, a deadline or
 * `close` rejects what is under way. The server may have run it all the same.
 */
export class RedisCalls {
  private readonly pending = new Set<(error: Error) => void>()
  private closed = false
  /** Why there is no connection, as far as the client says: a password that was changed, say. */
  private trouble: unknown

  /** `ours`: nobody else listens to the client's errors. A listener on another's would silence them. */
  constructor(
    readonly client: RedisClient,
    private readonly runtime: Runtime,
    private readonly timeoutMs: number,
    ours = false,
  ) {
    client.on('close', this.lost)
    if (ours) client.on('error', this.troubled).on('ready', this.untroubled)
  }

  /** Rejects with one of our errors, which has an outcome. `doing` begins its sentence. */
  call<T>(doing: string, send: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new WalError('WAL_CLOSED', `${doing}: the opener is closed`))
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => {
        this.pending.delete(fail)
        timer.clear()
        reject(mapError(error, doing, this.trouble))
      }
      const timer = this.runtime.setTimeout(
        () => fail(new CallFailure(`no answer within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      )
      this.pending.add(fail)
      send(this.client).then((value) => {
        this.pending.delete(fail)
        timer.clear()
        resolve(value)
      }, fail)
    })
  }

  close(): void {
    this.closed = true
    this.client.off('close', this.lost).off('error', this.troubled).off('ready', this.untroubled)
    this.rejectAll('the client was closed')
  }

  private readonly lost = () => this.rejectAll('the connection ended under the request')

  private readonly troubled = (error: unknown) => {
    this.trouble = error
  }

  private readonly untroubled = () => {
    this.trouble = undefined
  }

  private rejectAll(why: string): void {
    for (const fail of [...this.pending]) fail(new CallFailure(why))
  }
}
