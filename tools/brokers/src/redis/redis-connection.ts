import { Redis } from 'ioredis'

export interface RedisAddress {
  readonly port: number
  readonly password?: string | undefined
  readonly username?: string | undefined
  /** PEM texts: the certificate authority to trust, and a client certificate for a server that asks for one. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined
  /** How long connecting, and each answer, may take. */
  readonly timeoutMs?: number
}

/**
 * One connection to one server, used to set the server up and to ask for its state. A broken connection is not made again,
 * unlike the connections of users' clients: a test has to notice that its server is gone.
 */
export class RedisConnection implements Disposable {
  readonly #client: Redis

  private constructor(client: Redis) {
    this.#client = client
  }

  /** Connects to the server, and authenticates when a password is given. */
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
      // Protocol version 3 demands authentication before any command. This connection has to send PING without a password too.
      protocol: 2,
    })
    // `connect` rejects with "Connection is closed." for every reason. The real reason comes as an `error` event.
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

  /** Sends a command. Rejects with ioredis' `ReplyError` when the server answers with an error. */
  call(...words: readonly (string | number)[]): Promise<unknown> {
    const [command, ...rest] = words
    return this.#client.call(String(command), ...rest)
  }

  [Symbol.dispose](): void {
    this.#client.disconnect()
  }
}
