import { type Runtime, type Timer, WalError } from '@wal/walimpls'
import { type BackendHost, CallFailure, deferred, hostText } from '@wal/walimpls/helper'
import type { BrokerEndpoint } from '../protocol/metadata.js'
import type { KafkaRequest } from '../protocol/request.js'
import type { Connection } from './connection.js'
import type { Deadline } from './deadline.js'
import { mapError } from './error-table.js'
import type { AdminRequest } from './kafkajs.js'
import { Lane } from './lane.js'

/**
 * What a connection is for. `produce`: appends, which wait for the replicas. `tail`: the poll for records at the end of logs,
 * which waits for those. `read`: records that are there already. `ask`: all else.
 */
export type Purpose = 'produce' | 'tail' | 'read' | 'ask'

type Host = Required<BackendHost>

/** Makes a connection to the broker at an address. */
export type Connect = (host: Host, signal: AbortSignal) => Promise<Connection>

export interface BrokersParts {
  readonly connect: Connect
  /** The brokers to ask first, as the options name them. */
  readonly hosts: readonly Host[]
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
}

/** An answer, and the broker that gave it. */
export interface AnswerOf<A> {
  readonly host: string
  readonly answer: A
}

export interface OthersOptions<A> {
  /** The address of the broker that is not asked. */
  readonly but: string
  readonly patienceMs: number
  readonly enough: (answers: readonly AnswerOf<A>[]) => boolean
}

/**
 * Requests whose answer a broker holds back: until the controller has made or deleted a topic, until all replicas have freed
 * records, until the coordinator's log has the new epoch.
 */
const SLOW_REQUESTS: ReadonlySet<string> = new Set([
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
])

/** The brokers of a cluster, and the connections to them. */
export class Brokers {
  readonly #parts: BrokersParts
  /** The addresses of the brokers by their numbers, as the last answer told them. */
  #byNode = new Map<number, Host>()
  readonly #lanes = new Map<string, Lane>()
  /** How many slow requests are in progress over the connection for all else, by the broker's address. */
  readonly #slow = new Map<string, number>()
  #closed = false

  constructor(parts: BrokersParts) {
    this.#parts = parts
  }

  get nodes(): readonly number[] {
    return [...this.#byNode.keys()]
  }

  get endpoints(): readonly BrokerEndpoint[] {
    return [...this.#byNode].map(([nodeId, host]) => ({ nodeId, ...host }))
  }

  has(node: number): boolean {
    return this.#byNode.has(node)
  }

  /** Learns which brokers there are. Ends the connections to addresses that no broker has, such as an alias among the given hosts. */
  learn(endpoints: readonly BrokerEndpoint[]): void {
    this.#byNode = new Map(endpoints.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    const present = new Set(endpoints.map(hostText))
    for (const [key, lane] of this.#lanes) {
      if (present.has(key.slice(0, key.lastIndexOf(' ')))) continue
      this.#lanes.delete(key)
      void lane.close(new CallFailure('no broker has this address any more'))
    }
  }

  /** The connection of a broker for one purpose. That for all else is another one while a slow request occupies it. */
  lane(node: number, purpose: Purpose): Lane {
    const host = this.#hostOf(node)
    return this.#lane(host, purpose === 'ask' ? this.#quickPurpose(host) : purpose)
  }

  /** Asks the broker of this number. */
  async ask<A>(node: number, request: KafkaRequest<A>, deadline: Deadline): Promise<A> {
    return this.#over(this.#hostOf(node), request.name, (lane) => lane.ask(request, deadline.left))
  }

  /** Asks the broker of this number, with a request that kafkajs encodes. */
  async askAdmin<A>(node: number, request: AdminRequest<A>, deadline: Deadline): Promise<A> {
    return this.#over(this.#hostOf(node), request.name, (lane) => lane.askAdmin(request, deadline.left))
  }

  /**
   * Asks one broker after the other, those with a connection first. The next one is asked when the one before failed, or took more
   * than its share of the time; the first answer holds. Rejects with the first failure when all fail. `failed` hears each.
   */
  askAny<A>(
    request: KafkaRequest<A>,
    deadline: Deadline,
    failed: (error: unknown) => void = () => {},
  ): Promise<AnswerOf<A>> {
    const hosts = this.#candidates()
    const shareMs = Math.ceil(deadline.left / hosts.length)
    return new Promise((resolve, reject) => {
      let asked = 0
      let waiting = 0
      let first: unknown
      let timer: Timer | undefined
      const settle = () => {
        timer?.clear()
        asked = hosts.length
      }
      const askNext = () => {
        timer?.clear()
        const host = hosts[asked++]
        if (host === undefined) {
          if (waiting === 0) reject(first)
          return
        }
        waiting++
        if (asked < hosts.length) timer = this.#parts.runtime.setTimeout(askNext, shareMs)
        this.#over(host, request.name, (lane) => lane.ask(request, deadline.left)).then(
          (answer) => {
            settle()
            resolve({ host: hostText(host), answer })
          },
          (error: unknown) => {
            waiting--
            first ??= error
            const mapped = mapError(error, `asking ${hostText(host)}`)
            failed(mapped)
            if (mapped.retryable) return askNext()
            // A refused login is refused by every broker.
            settle()
            reject(error)
          },
        )
      }
      askNext()
    })
  }

  /**
   * Asks all brokers but one at once. Resolves with the answers so far as soon as they are enough, at the latest after
   * `patienceMs`. A broker that fails is left out. One that is slower keeps its connection.
   */
  async askOthers<A>(
    request: KafkaRequest<A>,
    deadline: Deadline,
    { but, patienceMs, enough }: OthersOptions<A>,
  ): Promise<readonly AnswerOf<A>[]> {
    const answers: AnswerOf<A>[] = []
    const ended = deferred()
    const timer = this.#parts.runtime.setTimeout(() => ended.resolve(), patienceMs)
    const asked = [...this.#byNode.values()]
      .filter((host) => hostText(host) !== but)
      .map(async (host) => {
        try {
          const answer = await this.#over(host, request.name, (lane) => lane.ask(request, deadline.left))
          answers.push({ host: hostText(host), answer })
          if (enough(answers)) ended.resolve()
        } catch {
          // What this broker knows stays unknown. The others decide.
        }
      })
    await Promise.race([Promise.all(asked), ended.promise])
    timer.clear()
    return [...answers]
  }

  /** Ends all connections. Requests in progress fail. */
  async close(): Promise<void> {
    this.#closed = true
    const why = new CallFailure('the client was closed')
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(why)))
  }

  /**
   * Makes a request over the connection for all else. While a slow request occupies that one, others take the connection for
   * reading, whose requests the broker answers at once.
   */
  async #over<A>(host: Host, name: string, call: (lane: Lane) => Promise<A>): Promise<A> {
    if (!SLOW_REQUESTS.has(name)) return call(this.#lane(host, this.#quickPurpose(host)))
    const key = hostText(host)
    this.#slow.set(key, (this.#slow.get(key) ?? 0) + 1)
    try {
      return await call(this.#lane(host, 'ask'))
    } finally {
      const left = (this.#slow.get(key) as number) - 1
      if (left > 0) this.#slow.set(key, left)
      else this.#slow.delete(key)
    }
  }

  #quickPurpose(host: Host): Purpose {
    return this.#slow.has(hostText(host)) ? 'read' : 'ask'
  }

  #hostOf(node: number): Host {
    const host = this.#byNode.get(node)
    if (host === undefined) throw new CallFailure(`no broker has the number ${node} at present`)
    return host
  }

  #candidates(): readonly Host[] {
    const byText = new Map<string, Host>()
    for (const host of [...this.#byNode.values(), ...this.#parts.hosts]) byText.set(hostText(host), host)
    const connected = (host: Host) => (this.#lanes.get(laneKey(host, 'ask'))?.connected ? 0 : 1)
    return [...byText.values()].sort((a, b) => connected(a) - connected(b))
  }

  #lane(host: Host, purpose: Purpose): Lane {
    if (this.#closed) throw new WalError('WAL_CLOSED', 'The opener is closed.')
    const key = laneKey(host, purpose)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Lane((signal) => this.#parts.connect(host, signal), this.#parts.runtime)
      this.#lanes.set(key, lane)
    }
    return lane
  }
}

function laneKey(host: Host, purpose: Purpose): string {
  return `${hostText(host)} ${purpose}`
}
