import type { Socket } from 'node:net'
import type { Runtime, Timer } from '@wal/walimpls'
import { CallFailure, deferred } from '@wal/walimpls/helper'
import { bodyOf, correlationIdOf, type KafkaRequest, requestFrame, SIZE_BYTES } from '../protocol/request.js'
import type { AdminRequest, LoggedIn } from './kafkajs.js'

export interface ConnectionParts {
  readonly login: LoggedIn
  /** Names the broker in errors: `127.0.0.1:9092`. */
  readonly address: string
  readonly clientId: string
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
}

interface Pending {
  readonly correlation: number
  readonly timer: Timer
  resolve(answer: Buffer): void
  reject(error: unknown): void
}

/** No broker's answer is that large: a larger size is the beginning of something else, such as a TLS alert. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024
/** Up to this size, copying the pieces of a request into one costs less than handing several to the socket. */
const MAX_COPIED_BYTES = 1024
/** The part of a login's lifetime after which a connection is no longer used for new requests. */
const RETIRES_AT = 0.8

/**
 * A connection to a broker, over which requests go out at once and are answered in the order in which they were sent, as
 * Kafka's protocol says. A request that gets no answer in time ends the connection: the broker answers one request after the
 * other, so the answers behind would not come either, and a late answer must not be taken for that of another request.
 */
export class Connection {
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  /** Requests that wait for their answers, in the order in which they were sent. */
  readonly #pending: Pending[] = []
  #correlation = 0
  /** The received bytes that are no whole answer yet. */
  #chunks: Buffer[] = []
  #received = 0
  /** Whether any answer has come. */
  #answered = false
  #wanted = SIZE_BYTES
  #ended: unknown
  /** The request that was sent last. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #closed = deferred()
  readonly #retiresAt: number
  /** The same object for all connections of which each took the place of the one before. */
  #line: object = {}

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { socket, lifetimeMs } = parts.login
    this.#socket = socket
    this.#retiresAt =
      lifetimeMs === undefined
        ? Number.POSITIVE_INFINITY
        : parts.runtime.monotonic() + RETIRES_AT * lifetimeMs
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.end(error))
    socket.on('end', () => this.end(new CallFailure(this.#closedText)))
    socket.on('close', () => {
      void this.end(new CallFailure('the connection ended under the request'))
      this.#closed.resolve()
    })
    if (socket.destroyed) {
      void this.end(new CallFailure('the connection ended after the login'))
      this.#closed.resolve()
    }
  }

  /** Whether requests can no longer be sent. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** Whether the login will soon be too old for the broker, so that another connection should be made. */
  get retires(): boolean {
    return this.#parts.runtime.monotonic() >= this.#retiresAt
  }

  /**
   * Called when this connection takes the place of another one, which still lives, because the login on that one grows too old.
   * Since the broker has not been started again in between, a reader may go on over this one.
   */
  renews(before: Connection): void {
    this.#line = before.#line
  }

  /** Whether this connection is the other one, or has taken its place without a break. */
  continues(before: Connection): boolean {
    return this.#line === before.#line
  }

  /** Resolves when every request that was sent before this call has its answer, or has failed. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {})
  }

  /** The highest version of a request that both sides speak; undefined when they have none in common. */
  speaks(key: number, version: number): boolean {
    const range = this.#parts.login.versions.get(key)
    return range !== undefined && range.min <= version && version <= range.max
  }

  /** The highest version of a request that the broker speaks; −1 when it does not know the request. */
  highest(key: number): number {
    return this.#parts.login.versions.get(key)?.max ?? -1
  }

  /** Sends a request at once. Rejects with a `CallFailure` when no answer came. */
  async ask<A>(request: KafkaRequest<A>, timeoutMs: number): Promise<A> {
    const { name, key, version } = request
    this.#assertSpoken(name, key, version)
    const answer = await this.#send(
      (correlation) => requestFrame(request, correlation, this.#parts.clientId),
      timeoutMs,
    )
    return bodyOf(request, answer)
  }

  /** Sends a request that kafkajs encodes. */
  async askAdmin<A>(request: AdminRequest<A>, timeoutMs: number): Promise<A> {
    const { name, key, version } = request
    this.#assertSpoken(name, key, version)
    const body = await request.encode()
    const plain: KafkaRequest<Buffer> = {
      ...{ name, key, version, flexible: false },
      encode: (to) => to.raw(body),
      decode: (from) => from.rest(),
    }
    return request.decode(await this.ask(plain, timeoutMs))
  }

  /** Ends the connection. Requests that wait for their answers reject with `why`. Resolves when the socket is closed. */
  end(why: unknown): Promise<void> {
    if (this.#ended !== undefined) return this.#closed.promise
    this.#ended = why
    this.#chunks = []
    this.#socket.destroy()
    for (const { timer, reject } of this.#pending.splice(0)) {
      timer.clear()
      reject(why)
    }
    return this.#closed.promise
  }

  /** A broker that wants a login closes the connection at the first request of somebody who has not logged in. */
  get #closedText(): string {
    const text = 'the broker closed the connection'
    return this.#answered ? text : `${text} without an answer: it may want a user and a password`
  }

  #assertSpoken(name: string, key: number, version: number): void {
    if (this.speaks(key, version)) return
    const range = this.#parts.login.versions.get(key)
    const spoken = range === undefined ? 'not at all' : `in versions ${range.min} to ${range.max}`
    throw new UnspokenRequest(
      `the broker at ${this.#parts.address} speaks ${name} ${spoken}, and version ${version} is needed`,
    )
  }

  #send(frame: (correlation: number) => readonly Buffer[], timeoutMs: number): Promise<Buffer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const sent = new Promise<Buffer>((resolve, reject) => {
      const correlation = this.#correlation
      // The number is 32 bits long in the protocol.
      this.#correlation = (correlation + 1) % 0x7fff_ffff
      const pieces = frame(correlation)
      const timer = this.#parts.runtime.setTimeout(
        () => void this.end(new CallFailure(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      )
      this.#pending.push({ correlation, timer, resolve, reject })
      this.#write(pieces)
    })
    this.#last = sent
    sent.catch(() => {})
    return sent
  }

  /** Writes a request to the socket, as one piece when it is small. */
  #write(pieces: readonly Buffer[]): void {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    if (bytes <= MAX_COPIED_BYTES) {
      this.#socket.write(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes))
      return
    }
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #take(chunk: Buffer): void {
    if (this.#ended !== undefined) return
    this.#chunks.push(chunk)
    this.#received += chunk.length
    while (this.#received >= this.#wanted && this.#ended === undefined) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
      const size = bytes.readInt32BE(0)
      if (size < SIZE_BYTES || size > MAX_ANSWER_BYTES) {
        void this.end(new CallFailure(`an answer of ${size} bytes: this is not the protocol of Kafka`))
        return
      }
      const whole = SIZE_BYTES + size
      if (bytes.length < whole) {
        this.#chunks = [bytes]
        this.#wanted = whole
        return
      }
      this.#chunks = bytes.length === whole ? [] : [bytes.subarray(whole)]
      this.#received = bytes.length - whole
      this.#wanted = SIZE_BYTES
      this.#answer(bytes.subarray(SIZE_BYTES, whole))
    }
  }

  #answer(answer: Buffer): void {
    const correlation = correlationIdOf(answer)
    const pending = this.#pending.shift()
    if (pending === undefined || pending.correlation !== correlation) {
      if (pending !== undefined) this.#pending.unshift(pending)
      void this.end(new CallFailure(`the answer ${correlation} fits no request that was sent`))
      return
    }
    this.#answered = true
    pending.timer.clear()
    pending.resolve(answer)
  }
}

/** The broker is too old, or too new, for a request of this package. */
export class UnspokenRequest extends Error {
  override readonly name = 'UnspokenRequest'
  readonly code = 'UNSUPPORTED_VERSION'
}
