import { type BuildWaits, type Runtime, WalError } from '@wal/walimpls'
import { type BackendHost, CallFailure, hostText } from '@wal/walimpls/helper'
import { errorName } from '../protocol/error-codes.js'
import { type MetadataAnswer, metadataRequest, type TopicMetadata } from '../protocol/metadata.js'
import type { KafkaRequest } from '../protocol/request.js'
import type { Connection } from './connection.js'
import { mapError } from './error-table.js'
import { throwOnError } from './kafka-error.js'
import type { AdminRequest } from './kafkajs.js'
import { Lane } from './lane.js'

/**
 * What a connection is for. `produce`: appends, which wait for the replicas. `tail`: the poll for records at the end of logs,
 * which waits for those. `read`: records that are there already. `ask`: all else.
 */
export type Purpose = 'produce' | 'tail' | 'read' | 'ask'

/** Makes a connection to the broker at an address. */
export type Connect = (host: Required<BackendHost>, signal: AbortSignal) => Promise<Connection>

export interface ClusterParts {
  readonly connect: Connect
  /** The brokers to ask first, as the options name them. */
  readonly hosts: readonly Required<BackendHost>[]
  readonly runtime: Pick<Runtime, 'setTimeout' | 'yield' | 'monotonic'>
  readonly requestTimeoutMs: number
}

/** Partition 0 of a topic, as the brokers last told it. */
export interface TopicState {
  readonly name: string
  /** The topic's own id, which a topic of the same name that is made later does not have. */
  readonly id: string
  readonly partitions: number
  /** The number of the broker that takes appends and answers reads. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: number
}

/** The brokers of a cluster, and who of them leads which topic. All logs of an opener share it. */
export class Cluster {
  readonly runtime: ClusterParts['runtime']
  readonly requestTimeoutMs: number
  readonly #parts: ClusterParts
  /** The addresses of the brokers by their numbers, as the last answer told them. */
  #brokers = new Map<number, Required<BackendHost>>()
  /** The number of the broker that makes and deletes topics. */
  #controller = -1
  clusterId = ''
  readonly #lanes = new Map<string, Lane>()
  readonly #topics = new Map<string, TopicState>()
  /** The topics that the next request for metadata asks for, and the promise of its answer. */
  #wanted = new Set<string>()
  #asking: Promise<MetadataAnswer> | undefined
  #closed = false

  constructor(parts: ClusterParts) {
    this.#parts = parts
    this.runtime = parts.runtime
    this.requestTimeoutMs = parts.requestTimeoutMs
  }

  /** The numbers of all brokers that are up. */
  get nodes(): readonly number[] {
    return [...this.#brokers.keys()]
  }

  /** Finds a broker and learns of the others. `failed` hears why a broker could not be asked. */
  async begin({ failed, signal }: BuildWaits = {}): Promise<void> {
    signal?.throwIfAborted()
    await this.#metadata([], failed)
  }

  /** Asks any broker. */
  async ask<A>(request: KafkaRequest<A>): Promise<A> {
    return this.#anyLane((lane) => lane.ask(request, this.requestTimeoutMs))
  }

  /** Asks the broker of this number. */
  async askNode<A>(node: number, request: KafkaRequest<A>): Promise<A> {
    return this.lane(node, 'ask').ask(request, this.requestTimeoutMs)
  }

  /** Asks the broker of this number, with a request that kafkajs encodes. */
  async askAdmin<A>(node: number, request: AdminRequest<A>): Promise<A> {
    return this.lane(node, 'ask').askAdmin(request, this.requestTimeoutMs)
  }

  /** Asks the broker that makes and deletes topics. Asks again once when another one has taken over. */
  async askController<A>(request: AdminRequest<A>, errorsOf: (answer: A) => readonly number[]): Promise<A> {
    for (let again = false; ; again = true) {
      if (again || this.#controller < 0) await this.#metadata([])
      const answer = await this.askAdmin(this.#controller, request).catch((error: unknown) => {
        // Another broker may have taken over: the next call asks which one.
        this.#controller = -1
        throw error
      })
      if (again || !errorsOf(answer).some((number) => errorName(number) === 'NOT_CONTROLLER')) return answer
    }
  }

  /** The connection of a broker for one purpose. */
  lane(node: number, purpose: Purpose): Lane {
    const host = this.#brokers.get(node)
    if (host === undefined) throw new CallFailure(`no broker has the number ${node} at present`)
    return this.#laneOf(host, purpose)
  }

  /** Asks for the topic. Calls of many topics at once make one request. Undefined when the topic does not exist. */
  async freshTopic(name: string): Promise<TopicState | undefined> {
    this.#wanted.add(name)
    this.#asking ??= this.#gather()
    const { topics } = await this.#asking
    const topic = topics.find((topic) => topic.name === name)
    if (topic === undefined) throw new CallFailure(`the answer leaves out the topic ${name}`)
    if (errorName(topic.errorCode) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
    throwOnError(topic.errorCode)
    return stateOf(name, topic)
  }

  /** The topic with a leader that can be asked; asks for it when none is known. Undefined when the topic does not exist. */
  async ledTopic(name: string): Promise<TopicState | undefined> {
    const known = this.knownTopic(name)
    if (known !== undefined) return known
    const topic = await this.freshTopic(name)
    if (topic !== undefined && topic.leader < 0)
      throw new CallFailure(`no broker leads the topic ${name} at present`)
    return topic
  }

  /** What was last told of a topic that has a leader; undefined when it has to be asked for. */
  knownTopic(name: string): TopicState | undefined {
    const known = this.#topics.get(name)
    return known !== undefined && known.leader >= 0 && this.#brokers.has(known.leader) ? known : undefined
  }

  /** Drops what is known of a topic, since a broker answered that it is no longer so. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /** What each broker knows about a topic: whether it still has it. Rejects when a broker does not answer. */
  async knownBy(name: string): Promise<readonly number[]> {
    await this.#metadata([])
    const request = metadataRequest([name])
    const answers = await Promise.all(
      this.nodes.map(async (node) => {
        const { topics } = await this.askNode(node, request)
        return topics.some((topic) => topic.name === name && topic.errorCode === 0) ? [node] : []
      }),
    )
    return answers.flat()
  }

  /** The metadata of every topic. */
  allTopics(): Promise<MetadataAnswer> {
    return this.#metadata('all')
  }

  /** Ends all connections. Requests in progress fail. */
  async close(): Promise<void> {
    this.#closed = true
    const why = new CallFailure('the client was closed')
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(why)))
  }

  async #gather(): Promise<MetadataAnswer> {
    // Calls of the same turn of the event loop join this request.
    await this.runtime.yield()
    const names = [...this.#wanted]
    this.#wanted = new Set()
    this.#asking = undefined
    return this.#metadata(names)
  }

  /** Asks any broker. `all` asks for all topics, an empty list for none. */
  async #metadata(
    names: readonly string[] | 'all',
    failed?: (error: unknown) => void,
  ): Promise<MetadataAnswer> {
    const request = metadataRequest(names)
    const answer = await this.#anyLane((lane) => lane.ask(request, this.requestTimeoutMs), failed)
    this.#brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controller = answer.controllerId
    this.clusterId = answer.clusterId ?? ''
    this.#dropLanes()
    for (const topic of answer.topics) {
      if (topic.errorCode === 0) this.#topics.set(topic.name, stateOf(topic.name, topic))
      else this.#topics.delete(topic.name)
    }
    return answer
  }

  /** Tries one broker after the other, those with a connection first. Rejects with the first failure when all fail. */
  async #anyLane<T>(
    call: (lane: Lane) => Promise<T>,
    failed: (error: unknown) => void = () => {},
  ): Promise<T> {
    let first: unknown
    for (const host of this.#candidates()) {
      if (this.#closed) throw new WalError('WAL_CLOSED', 'The opener is closed.')
      try {
        return await call(this.#laneOf(host, 'ask'))
      } catch (error) {
        const mapped = mapError(error, `asking ${hostText(host)}`)
        failed(mapped)
        // A refused login is refused by every broker.
        if (!mapped.retryable) throw error
        first ??= error
      }
    }
    throw first
  }

  #candidates(): readonly Required<BackendHost>[] {
    const byText = new Map<string, Required<BackendHost>>()
    for (const host of [...this.#brokers.values(), ...this.#parts.hosts]) byText.set(hostText(host), host)
    const connected = (host: Required<BackendHost>) =>
      this.#lanes.get(laneKey(host, 'ask'))?.connected ? 0 : 1
    return [...byText.values()].sort((a, b) => connected(a) - connected(b))
  }

  #laneOf(host: Required<BackendHost>, purpose: Purpose): Lane {
    if (this.#closed) throw new WalError('WAL_CLOSED', 'The opener is closed.')
    const key = laneKey(host, purpose)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Lane((signal) => this.#parts.connect(host, signal))
      this.#lanes.set(key, lane)
    }
    return lane
  }

  /** Ends the connections to addresses that no broker has, such as an alias among the given hosts. */
  #dropLanes(): void {
    const present = new Set([...this.#brokers.values()].map(hostText))
    for (const [key, lane] of this.#lanes) {
      if (present.has(key.slice(0, key.lastIndexOf(' ')))) continue
      this.#lanes.delete(key)
      void lane.close(new CallFailure('no broker has this address any more'))
    }
  }
}

function laneKey(host: Required<BackendHost>, purpose: Purpose): string {
  return `${hostText(host)} ${purpose}`
}

function stateOf(name: string, { topicId: id, partitions }: TopicMetadata): TopicState {
  const first = partitions.find(({ partition }) => partition === 0)
  return {
    name,
    id,
    partitions: partitions.length,
    leader: first?.leaderId ?? -1,
    leaderEpoch: first?.leaderEpoch ?? -1,
    replicas: first?.replicas.length ?? 0,
  }
}
