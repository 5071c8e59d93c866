import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { RedisReplyError, type Reply } from './redis-reply.js'
import { ReplyParser } from './reply-parser.js'

export interface RedisAddress {
  readonly port: number
  readonly password?: string | undefined
  readonly username?: string | undefined
  /** PEM text of the authority to trust, and of a client certificate where the server asks for one. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined
  /** Bounds connecting and each answer. */
  readonly timeoutMs?: number
}

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** Just enough of a Redis client to set servers up and to ask how they are. */
export class RedisConnection implements Disposable {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  readonly #parser = new ReplyParser()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** Connects, and authenticates when there is a password. */
  static async open({
    port,
    username,
    password,
    tls,
    timeoutMs = 2_000,
  }: RedisAddress): Promise<RedisConnection> {
    const host = '127.0.0.1'
    const socket = tls === undefined ? connect({ port, host }) : connectTls({ port, host, ...tls })
    socket.setTimeout(timeoutMs)
    const connection = new RedisConnection(socket)
    if (password !== undefined) {
      await connection.call('AUTH', ...(username === undefined ? [] : [username]), password)
    }
    return connection
  }

  /** Sends a command; rejects with `RedisReplyError` when the server refuses it. */
  call(...words: readonly (string | number)[]): Promise<Reply> {
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection is closed'))
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`)
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    for (const reply of this.#parser.push(chunk)) {
      const waiting = this.#waiting.shift()
      if (reply instanceof RedisReplyError) waiting?.reject(reply)
      else waiting?.resolve(reply)
    }
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}
