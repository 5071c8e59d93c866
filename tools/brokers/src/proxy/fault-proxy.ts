import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { seededRandom } from '@wal/walimpls/testing'
import type { Fault } from './fault.js'
import { newCounters, type ProxyCounters } from './fault-counters.js'
import { ProxiedConnection } from './proxied-connection.js'

export interface FaultProxyOptions {
  /** Where the real server listens; on 127.0.0.1 unless `host` is given. */
  readonly target: { readonly port: number; readonly host?: string }
  /** Jitter and chances repeat with it; 1 unless given. */
  readonly seed?: number
}

/** A fault and how likely it strikes a connection at each chunk of a request, 0 to 1. */
export interface Chance {
  readonly fault: Fault
  readonly probability: number
}

/** A TCP proxy on 127.0.0.1 that passes everything on until it is told to disturb it. */
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
    // The client's half-close must reach the server as one.
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

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size
  }

  /** From now on `fault` is on every connection, those open and those to come, until `heal`. */
  inject(fault: Fault): void {
    this.#faults.push(fault)
    for (const connection of [...this.#connections]) connection.inject(fault)
  }

  /** Strikes the connections open now, and none that comes later. */
  injectOnce(fault: Fault): void {
    for (const connection of [...this.#connections]) connection.inject(fault)
  }

  /** From now on each chunk of a request is a throw of the dice; an empty list ends that. */
  setChances(chances: readonly Chance[]): void {
    this.#chances = chances
  }

  /** Ends every fault and chance; what a black hole held back arrives. */
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
