import { Redis } from 'ioredis'

export interface RedisAddress {
  readonly port: number
  readonly password?: string | undefined
  readonly username?: string | undefined
  /** PEM text of the authority to trust, and of a client certificate where the server asks for one. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined
  /** Bounds connecting and each answer. */
  readonly timeoutMs?: number
}

/**
 * One connection to one server, to set the server up and to ask how it is. A connection that breaks stays broken, unlike
 * the clients of users: a test wants to know that its server is gone.
 */
export class RedisConnection implements Disposable {
  readonly #client: Redis

  private constructor(client: Redis) {
    this.#client = client
  }

  /** Connects, and authenticates when there is a password. */
  static async open({
    port,
    username,
    password,
    tls,
    timeoutMs = 2_000,
  }: RedisAddress): Promise<RedisConnection> {
    const client = new Redis({
      host: '127.0.0.1',
      port,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
      disableClientInfo: true,
      // With version 3 a client has to authenticate before it can say anything, and PING has to be answered without.
      protocol: 2,
    })
    // `connect` rejects with "Connection is closed." whatever the reason was. The reason itself is an event.
    let reason: Error | undefined
    client.on('error', (error) => {
      reason ??= error
    })
    try {
      await client.connect()
      return new RedisConnection(client)
    } catch (error) {
      client.disconnect()
      throw reason ?? error
    }
  }

  /** Sends a command. Rejects with ioredis' `ReplyError` when the server refuses it. */
  call(...words: readonly (string | number)[]): Promise<unknown> {
    const [command, ...rest] = words
    return this.#client.call(String(command), ...rest)
  }

  [Symbol.dispose](): void {
    this.#client.disconnect()
  }
}
