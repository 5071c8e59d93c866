import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { seededRandom } from '@wal/walimpls/testing'
import type { Fault } from './fault.js'
import { newCounters, type ProxyCounters } from './fault-counters.js'
import { ProxiedConnection } from './proxied-connection.js'

export interface FaultProxyOptions {
  /** The address of the real server. `host` is 127.0.0.1 by default. */
  readonly target: { readonly port: number; readonly host?: string }
  /** The seed of the random numbers for jitter and chances. Default: 1. */
  readonly seed?: number
}

/** A fault, and the probability (0 to 1) that it affects a connection at each chunk of a request. */
export interface Chance {
  readonly fault: Fault
  readonly probability: number
}

/** A TCP proxy on 127.0.0.1. It passes all data on unchanged until a test tells it to inject a fault. */
export class FaultProxy implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly counters: ProxyCounters = newCounters()
  readonly #listener: Server
  readonly #target: { readonly port: number; readonly host: string }
  readonly #random: () => number
  readonly #connections = new Set<ProxiedConnection>()
  #faults: Fault[] = []
  #chances: readonly Chance[] = []

  private constructor({ target, seed = 1 }: FaultProxyOptions) {
    this.#target = { host: '127.0.0.1', ...target }
    this.#random = seededRandom(seed)
    // The proxy keeps a half-closed connection open: when the client ends its side, the server must see just that.
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options)
    proxy.#listener.listen({ port: 0, host: proxy.host })
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** How many connections are open now. */
  get connections(): number {
    return this.#connections.size
  }

  /** Injects `fault` into every connection, present and future, until `heal`. */
  inject(fault: Fault): void {
    this.#faults.push(fault)
    for (const connection of [...this.#connections]) connection.inject(fault)
  }

  /** Injects `fault` into the connections that are open now, and into no later one. */
  injectOnce(fault: Fault): void {
    for (const connection of [...this.#connections]) connection.inject(fault)
  }

  /** From now on each chunk of a request may bring one of these faults by chance. An empty list turns chances off. */
  setChances(chances: readonly Chance[]): void {
    this.#chances = chances
  }

  /** Ends every fault and all chances. Data that a black hole held back is delivered. */
  heal(): void {
    this.#faults = []
    this.#chances = []
    for (const connection of [...this.#connections]) connection.heal()
  }

  /** Resets every connection and stops listening. Idempotent. */
  async close(): Promise<void> {
    if (!this.#listener.listening) return
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    for (const connection of [...this.#connections]) connection.destroy()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true, allowHalfOpen: true })
    const connection = new ProxiedConnection(client, server, {
      counters: this.counters,
      random: this.#random,
      chance: () => this.#strike(),
    })
    this.counters.connections += 1
    this.#connections.add(connection)
    client.on('close', () => this.#connections.delete(connection))
    for (const fault of this.#faults) connection.inject(fault)
  }

  #strike(): Fault | undefined {
    return this.#chances.find(({ probability }) => this.#random() < probability)?.fault
  }
}
