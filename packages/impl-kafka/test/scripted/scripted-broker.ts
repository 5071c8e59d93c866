import type { Runtime } from '@wal/walimpls'
import type { RememberedProducer } from '../../src/protocol/describe-producers.js'
import { KAFKA_ERRORS, type KafkaErrorName } from '../../src/protocol/error-codes.js'
import { answerFrame } from './answers.js'
import { replyTo } from './replies.js'
import { RequestReader } from './request-reader.js'
import { ADMIN, NAMES, READERS, type RequestBody, type RequestName } from './requests.js'
import type { ScriptedCluster, ScriptedTopic } from './scripted-cluster.js'
import { type Frame, ScriptedSocket } from './scripted-socket.js'

/** A request that a broker has received. */
export interface Received<N extends RequestName = RequestName> {
  readonly name: N
  readonly body: RequestBody<N>
  readonly version: number
  /** The number of the connection over which it came. */
  readonly connection: number
  /** The virtual time at which it came. */
  readonly at: number
}

/**
 * What a test lets happen to a request instead of what usually does. `lose request`: the connection ends before the broker has
 * seen it. `lose reply`: the broker does its work, then the connection ends. `ignore`: no answer ever comes, also not to the
 * requests behind. A promise: the broker begins when it resolves. `error`: the broker answers with it, and has done its work
 * first when `applied` is set.
 */
export type Fate =
  | 'usual'
  | 'lose request'
  | 'lose reply'
  | 'ignore'
  | Promise<unknown>
  | { readonly error: KafkaErrorName; readonly applied?: boolean }

type Decide<N extends RequestName> = (request: Received<N>) => Fate

/** One broker of a `ScriptedCluster`: a fake for unit tests. It answers each connection's requests one by one, as Kafka does. */
export class ScriptedBroker {
  readonly requests: Received[] = []
  /** All connections that were made to it, also those that have ended. */
  readonly connections: ScriptedSocket[] = []
  readonly sessions = new Map<number, { epoch: number; topics: Map<string, SessionTopic> }>()
  /** How many fetch sessions the broker has room for. */
  sessionSlots = 1000
  /** Topics that were deleted, and of which this broker has not heard that yet. */
  readonly undead = new Map<string, ScriptedTopic>()
  /**
   * Topics of which this broker was the leader and does not know yet that it no longer is: until then it answers as before, with
   * the producers that it remembers.
   */
  readonly formerlyLed = new Map<string, readonly RememberedProducer[]>()
  /**
   * Topics of which this broker has not heard the latest: what it goes on telling of them, `undefined` for one that it does not
   * know.
   */
  readonly outdated = new Map<string, ScriptedTopic | undefined>()
  /** Refuses connections. */
  down = false
  #fates = new Map<RequestName, Decide<RequestName>[]>()
  #always = new Map<RequestName, Decide<RequestName>>()
  #nextSession = 100
  readonly #queues = new Map<ScriptedSocket, Promise<void>>()

  constructor(
    readonly node: number,
    readonly cluster: ScriptedCluster,
    readonly runtime: Runtime,
  ) {}

  get open(): readonly ScriptedSocket[] {
    return this.connections.filter(({ destroyed }) => !destroyed)
  }

  connect(): ScriptedSocket {
    if (this.down) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
    const socket = new ScriptedSocket(this.connections.length, (frame) => this.#receive(frame))
    this.connections.push(socket)
    return socket
  }

  /** Decides over the next request of that name that nothing was decided about. */
  next<N extends RequestName>(name: N, fate: Fate | Decide<N>): void {
    const fates = this.#fates.get(name) ?? []
    this.#fates.set(name, [...fates, decide(fate)])
  }

  /** Decides over all requests of that name about which nothing else was decided. */
  always<N extends RequestName>(name: N, fate: Fate | Decide<N>): void {
    this.#always.set(name, decide(fate))
  }

  sent<N extends RequestName>(name: N): Received<N>[] {
    return this.requests.filter((request): request is Received<N> => request.name === name)
  }

  count(name: RequestName): number {
    return this.sent(name).length
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const socket of this.open) socket.hangUp()
  }

  newSession(): number {
    if (this.sessions.size >= this.sessionSlots) return 0
    const id = this.#nextSession++
    this.sessions.set(id, { epoch: 1, topics: new Map() })
    return id
  }

  #receive(frame: Frame): void {
    const name = NAMES[frame.key]
    if (name === undefined) throw new Error(`nobody reads requests of key ${frame.key}`)
    const from = new RequestReader(frame.body)
    const flexible = !ADMIN.has(name)
    if (flexible) from.noTags()
    const body = READERS[name](from)
    from.finish()
    const connection = frame.connection.ordinal
    const request: Received = { name, body, version: frame.version, connection, at: this.runtime.monotonic() }
    this.requests.push(request)
    const fate = (this.#fates.get(name)?.shift() ?? this.#always.get(name))?.(request) ?? 'usual'
    const before = this.#queues.get(frame.connection) ?? Promise.resolve()
    const answered = before.then(() => this.#answer(frame, request, fate))
    this.#queues.set(frame.connection, answered)
  }

  async #answer(frame: Frame, request: Received, fate: Fate): Promise<void> {
    const { connection, correlation } = frame
    // A request needs a turn of the event loop, as over a network.
    await new Promise((resolve) => setImmediate(resolve))
    if (connection.destroyed) return
    if (fate === 'ignore') await new Promise(() => {})
    if (fate === 'lose request') return connection.hangUp()
    if (fate instanceof Promise) await fate
    const error = typeof fate === 'object' && 'error' in fate ? fate : undefined
    const errorCode = error === undefined ? 0 : KAFKA_ERRORS[error.error]
    if (error?.applied) await replyTo(this, request, 0)
    const write = await replyTo(this, request, errorCode)
    if (fate === 'lose reply') return connection.hangUp()
    connection.receive(answerFrame(correlation, !ADMIN.has(request.name), write))
  }
}

/** What a fetch session wants of a topic. */
export interface SessionTopic {
  readonly topicId: string
  readonly currentLeaderEpoch: number
  readonly offset: number
  readonly lastFetchedEpoch: number
  readonly maxBytes: number
}

function decide<N extends RequestName>(fate: Fate | Decide<N>): Decide<RequestName> {
  return (typeof fate === 'function' ? fate : () => fate) as Decide<RequestName>
}
