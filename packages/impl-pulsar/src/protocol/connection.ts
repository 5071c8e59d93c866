import type { Socket } from 'node:net'
import type { Runtime } from '@wal/walimpls'
import { abortable, CallFailure, deferred, onAbort, textOf } from '@wal/walimpls/helper'
import { PulsarError } from '../driver/pulsar-error.js'
import type { Answer, Received, Request, RequestName } from '../wire/commands.js'
import { FrameSplitter } from '../wire/frame-splitter.js'
import { commandFrame, FRAME_OVERHEAD, readFrame } from '../wire/frames.js'
import { MalformedFrame } from '../wire/malformed-frame.js'
import { serverErrorName } from '../wire/server-errors.js'
import { KeepAlive } from './keep-alive.js'
import { PendingRequests } from './pending-requests.js'

export interface ConnectionParts {
  readonly socket: Socket
  /** Names the broker in errors: `127.0.0.1:6650`. */
  readonly address: string
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  /** How long the connection may be silent before the broker is asked, and how long the broker may take to answer. */
  readonly keepAliveMs: number
  readonly answerMs: number
  /** The token to log in with; asked when the connection begins, and when the broker wants it renewed. */
  token(): Promise<string | undefined>
}

/** A producer or a consumer of a connection: receives what the broker sends to its number. */
export interface Route {
  receive(received: Received, behind: Buffer): void
  /** The connection has ended. */
  lost(error: unknown): void
}

/** The answers to the requests that have a number. */
const ANSWERS = {
  subscribe: 'success',
  producer: 'producerSuccess',
  ack: 'ackResponse',
  closeProducer: 'success',
  closeConsumer: 'success',
  partitionedMetadata: 'partitionedMetadataResponse',
  lookup: 'lookupResponse',
  lastMessageId: 'lastMessageIdResponse',
  topicsOfNamespace: 'topicsOfNamespaceResponse',
} as const
type Asked = keyof typeof ANSWERS

const CLIENT_VERSION = 'wal'
/** The protocol with broker entry metadata, receipts for acknowledgements, and topic epochs. */
const PROTOCOL_VERSION = 19
/** The first version in which acknowledgements are answered. */
const ACK_RECEIPTS = 17
/** The largest message that a broker takes when it does not say. */
export const DEFAULT_MAX_MESSAGE_BYTES = 5 * 1024 * 1024
/** No broker takes larger messages: a larger claim is damage. */
const LARGEST_CLAIM = 1024 * 1024 * 1024

/** A connection to a broker, logged in. Requests are answered in any order. */
export class Connection {
  readonly #parts: ConnectionParts
  readonly #splitter = new FrameSplitter(FRAME_OVERHEAD)
  readonly #requests = new PendingRequests()
  readonly #keepAlive: KeepAlive
  readonly #producers = new Map<number, Route>()
  readonly #consumers = new Map<number, Route>()
  readonly #greeting = deferred<Answer<'connected'>>()
  readonly #closed = deferred()
  #greeted: Answer<'connected'> | undefined
  #ended: unknown
  #nextRoute = 1

  private constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { socket, runtime, keepAliveMs, answerMs } = parts
    this.#keepAlive = new KeepAlive({
      ...{ runtime, silenceMs: keepAliveMs, answerMs },
      ask: () => this.send('ping', {}),
      lost: () => void this.end(this.#failure(`no sign of life within ${keepAliveMs + answerMs} ms`)),
    })
    this.#greeting.promise.catch(() => {})
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => void this.end(this.#failure(textOf(error))))
    socket.on('end', () => void this.end(this.#failure('the broker closed it')))
    socket.on('close', () => {
      void this.end(this.#failure('the broker closed it'))
      this.#closed.resolve()
    })
    if (!socket.destroyed) return
    void this.end(this.#failure('the broker closed it'))
    this.#closed.resolve()
  }

  /** Logs in over this socket. `proxyTo` names the broker that a proxy shall connect to. */
  static async logIn(parts: ConnectionParts, signal: AbortSignal, proxyTo?: string): Promise<Connection> {
    const connection = new Connection(parts)
    const stop = onAbort(signal, (reason) => void connection.end(reason))
    try {
      await abortable(connection.#logIn(proxyTo), signal)
      return connection
    } catch (error) {
      void connection.end(error)
      throw error
    } finally {
      stop()
    }
  }

  get address(): string {
    return this.#parts.address
  }

  /** Whether nothing can be sent any more. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** The largest message that the broker takes. */
  get maxMessageBytes(): number {
    return this.#greeted?.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
  }

  /** Whether the broker answers acknowledgements. */
  get answersAcks(): boolean {
    return (this.#greeted?.protocolVersion ?? 0) >= ACK_RECEIPTS
  }

  /** Whether the broker can tell a topic's partitions without making the topic. */
  get tellsPartitions(): boolean {
    return this.#greeted?.features?.metadataWithoutCreation === true
  }

  /** Registers a producer, and answers its number. */
  addProducer(route: Route): number {
    this.#producers.set(this.#nextRoute, route)
    return this.#nextRoute++
  }

  addConsumer(route: Route): number {
    this.#consumers.set(this.#nextRoute, route)
    return this.#nextRoute++
  }

  removeProducer(number: number): void {
    this.#producers.delete(number)
  }

  removeConsumer(number: number): void {
    this.#consumers.delete(number)
  }

  /** Sends a command that has no answer. Does nothing when the connection has ended. */
  send<N extends RequestName>(name: N, value: Request<N>): void {
    if (!this.ended) this.#parts.socket.write(commandFrame(name, value))
  }

  /** Sends a request whose answer nobody waits for. */
  sendUnanswered<N extends Asked>(name: N, value: Omit<Request<N>, 'requestId'>): void {
    this.send(name, { ...value, requestId: this.#requests.number() } as unknown as Request<N>)
  }

  /** Sends the pieces of one frame. The connection must not have ended. */
  write(pieces: readonly Uint8Array[]): void {
    const { socket } = this.#parts
    if (pieces.length === 1) socket.write(pieces[0] as Uint8Array)
    else {
      socket.cork()
      for (const piece of pieces) socket.write(piece)
      socket.uncork()
    }
  }

  /**
   * Sends a request at once. Rejects with a `PulsarError` when the broker refuses, with a `CallFailure` when the connection ends,
   * and with `signal.reason` on an abort. The broker may execute a request whose answer nobody waits for any more.
   */
  async ask<N extends Asked>(
    name: N,
    value: Omit<Request<N>, 'requestId'>,
    signal: AbortSignal,
  ): Promise<Answer<(typeof ANSWERS)[N]>> {
    signal.throwIfAborted()
    if (this.#ended !== undefined) throw this.#ended
    const requestId = this.#requests.number()
    const sentAt = this.#parts.runtime.monotonic()
    const answer = this.#requests.wait(requestId, ANSWERS[name])
    this.send(name, { ...value, requestId } as unknown as Request<N>)
    const { promise, reject } = deferred<never>()
    const stop = onAbort(signal, (reason) => {
      this.#requests.forget(requestId)
      reject(reason)
      // The time is over. When the broker has said nothing at all since then, the connection is dead.
      if (reason instanceof CallFailure && this.#keepAlive.heardAt <= sentAt) void this.end(reason)
    })
    try {
      return await Promise.race([answer, promise])
    } finally {
      stop()
    }
  }

  /** Ends the connection: everything that waits fails with `why`. Resolves when the socket is closed. */
  end(why: unknown): Promise<void> {
    if (this.#ended !== undefined) return this.#closed.promise
    this.#ended = why
    this.#keepAlive.stop()
    this.#parts.socket.destroy()
    this.#greeting.reject(why)
    this.#requests.fail(why)
    const routes = [...this.#producers.values(), ...this.#consumers.values()]
    this.#producers.clear()
    this.#consumers.clear()
    for (const route of routes) route.lost(why)
    return this.#closed.promise
  }

  async #logIn(proxyTo: string | undefined): Promise<void> {
    const token = await this.#parts.token()
    this.send('connect', {
      clientVersion: CLIENT_VERSION,
      protocolVersion: PROTOCOL_VERSION,
      proxyTo,
      ...(token !== undefined && { authMethod: 'token', authData: Buffer.from(token) }),
      features: { authRefresh: true, brokerEntryMetadata: true },
    })
    const greeted = await this.#greeting.promise
    this.#greeted = greeted
  }

  #receive(chunk: Buffer): void {
    this.#keepAlive.heard()
    try {
      this.#splitter.add(chunk, (frame) => {
        const { received, behind } = readFrame(frame)
        if (received !== undefined) this.#dispatch(received, behind)
        return !this.ended
      })
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error
      void this.end(
        this.#failure(`${error.message}; this is not the protocol of Pulsar, or damaged on the way`),
      )
    }
  }

  #dispatch(received: Received, behind: Buffer): void {
    const { name, value } = received
    switch (name) {
      case 'connected':
        this.#greet(value)
        break
      case 'ping':
        this.send('pong', {})
        break
      case 'pong':
        break
      case 'authChallenge':
        void this.#renewToken()
        break
      case 'message':
      case 'consumerClosed':
        this.#consumers.get(value.consumerId)?.receive(received, behind)
        break
      case 'sendReceipt':
      case 'sendError':
      case 'producerClosed':
        this.#producers.get(value.producerId)?.receive(received, behind)
        break
      case 'producerSuccess':
        // A producer that waits for others to leave gets a second answer. We never ask to wait.
        if (value.ready !== false) this.#requests.settle(value.requestId, received)
        break
      case 'error':
        // A refused login has no request.
        if (this.#greeted !== undefined && value.requestId >= 0)
          this.#requests.settle(value.requestId, received)
        else void this.end(new PulsarError(serverErrorName(value.error), value.message))
        break
      case 'ackResponse':
        if (value.requestId !== undefined) this.#requests.settle(value.requestId, received)
        break
      default:
        this.#requests.settle(value.requestId, received)
    }
  }

  #greet(value: Answer<'connected'>): void {
    const { maxMessageBytes } = value
    if (maxMessageBytes !== undefined && (maxMessageBytes <= 0 || maxMessageBytes > LARGEST_CLAIM))
      throw new MalformedFrame(`a broker takes messages of up to ${maxMessageBytes} bytes`)
    this.#splitter.maxBytes = (maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES) + FRAME_OVERHEAD
    this.#greeted ??= value
    this.#greeting.resolve(value)
  }

  /** The broker asks for a token that is still valid, and closes the connection when none comes. */
  async #renewToken(): Promise<void> {
    try {
      const token = await this.#parts.token()
      this.send('authResponse', {
        clientVersion: CLIENT_VERSION,
        protocolVersion: PROTOCOL_VERSION,
        response: { method: 'token', data: Buffer.from(token ?? '') },
      })
    } catch (error) {
      void this.end(this.#failure(`the broker asked for a new token, and there is none: ${textOf(error)}`))
    }
  }

  #failure(text: string): CallFailure {
    return new CallFailure(`the connection to ${this.#parts.address} ended: ${text}`)
  }
}
