import type { Runtime } from '@wal/walimpls'
import { type BackendHost, backoffMs, CallFailure, hostText, sleep } from '@wal/walimpls/helper'
import { PulsarError } from '../driver/pulsar-error.js'
import type { Answer } from '../wire/commands.js'
import { serverErrorName } from '../wire/server-errors.js'
import { brokerHost, type Target } from './address.js'
import type { Connection } from './connection.js'
import type { ConnectionPool, Lane } from './connection-pool.js'

/** After so many brokers that each named another one, a lookup goes round in circles. */
const MAX_REDIRECTS = 20
const PAUSES = { firstMs: 50, maxMs: 500 }

export interface LookupParts {
  readonly pool: ConnectionPool
  readonly hosts: readonly Required<BackendHost>[]
  readonly tls: boolean
  readonly runtime: Pick<Runtime, 'setTimeout' | 'random'>
}

/** Finds the broker of a topic. */
export class Lookup {
  readonly #parts: LookupParts
  /** The host that answered last, at which the next search begins. */
  #host = 0
  /** Where a broker said that a topic would be, when it closed a producer or a reader there. Good for one try. */
  readonly #assigned = new Map<string, string>()

  constructor(parts: LookupParts) {
    this.#parts = parts
  }

  /** Remembers that a broker, on closing a producer or reader, named the topic’s next broker. */
  assign(topic: string, { url, urlTls }: { url?: string | undefined; urlTls?: string | undefined }): void {
    const named = this.#parts.tls ? urlTls : url
    if (named !== undefined) this.#assigned.set(topic, named)
  }

  /** A connection to one of the hosts that the user gave, which are tried one after the other. */
  async anyBroker(signal: AbortSignal): Promise<Connection> {
    return (await this.#service(signal)).connection
  }

  /**
   * Looks the topic up, connects to its broker and makes the attempt there. A broker that is about to load the topic, or to hand
   * it to another one, says `ServiceNotReady`; then all of it is done again after a pause, until the signal aborts.
   */
  async withBroker<T>(
    { topic, lane }: { readonly topic: string; readonly lane: Lane },
    signal: AbortSignal,
    attempt: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    for (let failures = 0; ; ) {
      try {
        const target = await this.#find(topic, signal)
        return await attempt(await this.#parts.pool.get(lane, target, signal))
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        failures++
        await this.#pause(failures, error, signal)
      }
    }
  }

  /** Waits before the next try. When the time is over first, what the broker said tells more than that. */
  async #pause(failures: number, error: unknown, signal: AbortSignal): Promise<void> {
    const { runtime } = this.#parts
    try {
      await sleep(runtime, backoffMs(runtime, failures, PAUSES), signal)
    } catch (reason) {
      throw reason instanceof CallFailure ? error : reason
    }
  }

  async #find(topic: string, signal: AbortSignal): Promise<Target> {
    const { pool, tls } = this.#parts
    const assigned = this.#assigned.get(topic)
    this.#assigned.delete(topic)
    if (assigned !== undefined) return { host: brokerHost(assigned, tls) }
    let { connection, target } = await this.#service(signal)
    const service = target
    for (let redirects = 0, authoritative = false; redirects < MAX_REDIRECTS; redirects++) {
      const answer: Answer<'lookupResponse'> = await connection.ask(
        'lookup',
        { topic, authoritative },
        signal,
      )
      target = this.#named(answer, service)
      if (answer.outcome === 1) return target
      authoritative = answer.authoritative === true
      connection = await pool.get('rest', target, signal)
    }
    throw new CallFailure(`the lookup of ${topic} was redirected ${MAX_REDIRECTS} times`)
  }

  #named(answer: Answer<'lookupResponse'>, service: Target): Target {
    const { url, urlTls, outcome, error, message, throughProxy } = answer
    if (outcome !== 0 && outcome !== 1)
      throw new PulsarError(serverErrorName(error), message ?? 'the lookup failed')
    const { tls } = this.#parts
    const named = tls ? urlTls : url
    if (named === undefined || named === '')
      throw new CallFailure(`the lookup named no broker that speaks ${tls ? 'TLS' : 'without TLS'}`)
    const host = brokerHost(named, tls)
    // A standalone broker says so as well, although it is no proxy: then the host is the same.
    if (throughProxy !== true || hostText(host) === hostText(service.host)) return { host }
    return { host: service.host, proxyTo: hostText(host) }
  }

  async #service(signal: AbortSignal): Promise<{ connection: Connection; target: Target }> {
    const { pool, hosts } = this.#parts
    let failure: unknown
    for (let tried = 0; tried < hosts.length; tried++) {
      const at = (this.#host + tried) % hosts.length
      const target: Target = { host: hosts[at] as Required<BackendHost> }
      try {
        const connection = await pool.get('rest', target, signal)
        this.#host = at
        return { connection, target }
      } catch (error) {
        if (signal.aborted || !(error instanceof CallFailure)) throw error
        failure = error
      }
    }
    throw failure
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof PulsarError && error.code === 'ServiceNotReady'
}
