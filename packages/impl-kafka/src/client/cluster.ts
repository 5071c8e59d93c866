import type { BuildWaits, Runtime } from '@wal/walimpls'
import { type BackendHost, CallFailure, hostText } from '@wal/walimpls/helper'
import { errorName } from '../protocol/error-codes.js'
import { type MetadataAnswer, metadataRequest } from '../protocol/metadata.js'
import type { KafkaRequest } from '../protocol/request.js'
import { type AnswerOf, Brokers, type Connect, type Purpose } from './brokers.js'
import { Deadline } from './deadline.js'
import type { AdminRequest } from './kafkajs.js'
import type { Lane } from './lane.js'
import { TopicMemory, type TopicState, type Views } from './topic-memory.js'

export interface ClusterParts {
  readonly connect: Connect
  /** The brokers to ask first, as the options name them. */
  readonly hosts: readonly Required<BackendHost>[]
  readonly runtime: Pick<Runtime, 'setTimeout' | 'yield' | 'monotonic'>
  readonly requestTimeoutMs: number
}

/** The part of the deadline for which further brokers are waited for, when one has answered and is not believed. */
const OTHERS_PART = 0.25

/** The metadata that one broker gave, and what others gave where that was not believed. */
type Answers = readonly AnswerOf<MetadataAnswer>[]

/** The brokers of a cluster, and who of them leads which topic. All logs of an opener share it. */
export class Cluster {
  readonly runtime: ClusterParts['runtime']
  readonly requestTimeoutMs: number
  readonly #brokers: Brokers
  /** The number of the broker that makes and deletes topics. */
  #controller = -1
  clusterId = ''
  readonly #topics = new TopicMemory()
  /** The topics that the next request for metadata asks for, and the promise of its answers. */
  #wanted = new Set<string>()
  #asking: Promise<Answers> | undefined

  constructor(parts: ClusterParts) {
    this.#brokers = new Brokers(parts)
    this.runtime = parts.runtime
    this.requestTimeoutMs = parts.requestTimeoutMs
  }

  /** The numbers of all brokers that are up. */
  get nodes(): readonly number[] {
    return this.#brokers.nodes
  }

  /** The time by which an operation has to end that begins now. */
  deadline(): Deadline {
    return new Deadline(this.runtime, this.requestTimeoutMs)
  }

  /** Finds a broker and learns of the others. `failed` hears why a broker could not be asked. */
  async begin({ failed, signal }: BuildWaits = {}): Promise<void> {
    signal?.throwIfAborted()
    await this.#metadata([], this.deadline(), failed)
  }

  /** Asks any broker. */
  async ask<A>(request: KafkaRequest<A>, deadline = this.deadline()): Promise<A> {
    const { answer } = await this.#brokers.askAny(request, deadline)
    return answer
  }

  /** Asks the broker of this number. */
  askNode<A>(node: number, request: KafkaRequest<A>, deadline = this.deadline()): Promise<A> {
    return this.#brokers.ask(node, request, deadline)
  }

  /** Asks the broker of this number, with a request that kafkajs encodes. */
  askAdmin<A>(node: number, request: AdminRequest<A>, deadline = this.deadline()): Promise<A> {
    return this.#brokers.askAdmin(node, request, deadline)
  }

  /** Asks the broker that makes and deletes topics. Asks again once when another one has taken over. */
  async askController<A>(
    request: AdminRequest<A>,
    errorsOf: (answer: A) => readonly number[],
    deadline = this.deadline(),
  ): Promise<A> {
    for (let again = false; ; again = true) {
      if (again || this.#controller < 0) await this.#metadata([], deadline)
      const answer = await this.askAdmin(this.#controller, request, deadline).catch((error: unknown) => {
        // Another broker may have taken over: the next call asks which one.
        this.#controller = -1
        throw error
      })
      if (again || !errorsOf(answer).some((number) => errorName(number) === 'NOT_CONTROLLER')) return answer
    }
  }

  /** The connection of a broker for one purpose. */
  lane(node: number, purpose: Purpose): Lane {
    return this.#brokers.lane(node, purpose)
  }

  /** Remembers a topic until the function that is returned is called, which is when its log is closed. */
  hold(topic: TopicState): () => void {
    return this.#topics.hold(topic)
  }

  /** Asks for the topic. Calls of many topics at once make one request. Undefined when the topic does not exist. */
  async freshTopic(name: string, deadline?: Deadline): Promise<TopicState | undefined> {
    this.#wanted.add(name)
    this.#asking ??= this.#gather()
    const answers = await (deadline?.within(this.#asking) ?? this.#asking)
    const told = viewsOf(name, answers)
    if (told.views.length === 0) throw new CallFailure(`the answer leaves out the topic ${name}`)
    return this.#topics.settle(name, told)
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

  /** Has the brokers asked for a topic again, since a request that relied on what is known of it failed. */
  forget(name: string): void {
    this.#topics.doubt(name)
  }

  /** What each broker knows about a topic: whether it still has it. Rejects when a broker does not answer. */
  async knownBy(name: string, deadline = this.deadline()): Promise<readonly number[]> {
    await this.#metadata([], deadline)
    const request = metadataRequest([name])
    const answers = await Promise.all(
      this.nodes.map(async (node) => {
        const { topics } = await this.askNode(node, request, deadline)
        return topics.some((topic) => topic.name === name && topic.errorCode === 0) ? [node] : []
      }),
    )
    return answers.flat()
  }

  /** The metadata of every topic. */
  allTopics(): Promise<MetadataAnswer> {
    return this.#metadata('all', this.deadline())
  }

  /** Ends all connections. Requests in progress fail. */
  close(): Promise<void> {
    return this.#brokers.close()
  }

  async #gather(): Promise<Answers> {
    // Calls of the same turn of the event loop join this request.
    await this.runtime.yield()
    const names = [...this.#wanted]
    this.#wanted = new Set()
    this.#asking = undefined
    const deadline = this.deadline()
    const before = this.#brokers.endpoints
    const request = metadataRequest(names)
    const first = await this.#brokers.askAny(request, deadline)
    const needsMore = (answers: Answers) =>
      names.some((name) => this.#topics.needsMore(name, viewsOf(name, answers)))
    let answers: Answers = [first]
    if (needsMore(answers)) {
      // The broker that answered may lag behind, and not know of some that others told of.
      this.#brokers.learn([...before, ...first.answer.brokers])
      const others = await this.#brokers.askOthers(request, deadline, {
        but: first.host,
        patienceMs: Math.ceil(deadline.left * OTHERS_PART),
        enough: (more) => !needsMore([first, ...more]),
      })
      answers = [first, ...others]
    }
    this.#learn(answers)
    return answers
  }

  /** Asks any broker. `all` asks for all topics, an empty list for none. */
  async #metadata(
    names: readonly string[] | 'all',
    deadline: Deadline,
    failed?: (error: unknown) => void,
  ): Promise<MetadataAnswer> {
    const told = await this.#brokers.askAny(metadataRequest(names), deadline, failed)
    this.#learn([told])
    return told.answer
  }

  #learn(answers: Answers): void {
    this.#brokers.learn(answers.flatMap(({ answer }) => answer.brokers))
    for (const { answer } of answers) {
      this.#controller = answer.controllerId
      this.clusterId = answer.clusterId ?? ''
    }
  }
}

/** What these brokers answered about a topic. One that answered at an address which none is listed with has no vote. */
function viewsOf(name: string, answers: Answers): Views {
  const listed = new Set(answers.flatMap(({ answer }) => answer.brokers.map(hostText)))
  return {
    views: answers.flatMap(({ answer }) => answer.topics.filter((topic) => topic.name === name)),
    answered: answers.filter(({ host }) => listed.has(host)).length,
    listed: listed.size,
  }
}
