import { isChannelName, type Runtime, WalError } from '@wal/walimpls'
import { CallFailure, sleep } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import type { Deadline } from '../client/deadline.js'
import { isKafkaError, throwOnError } from '../client/kafka-error.js'
import { admin, type NewTopic } from '../client/kafkajs.js'
import type { FullKafkaOptions } from '../client/options.js'
import type { TopicState } from '../client/topic-memory.js'
import { offsetOf } from '../read/fetch-page.js'

/** The pause between two looks at brokers that have not heard of a change yet. */
const PAUSE_MS = 50

/** What the leader of a new topic may answer before it has heard of its leadership, or of the epoch of that. */
const NOT_LED_YET = [
  'NOT_LEADER_OR_FOLLOWER',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_LEADER_EPOCH',
  'FENCED_LEADER_EPOCH',
]

/** Makes, lists and removes the topics that hold logs. */
export class Topics {
  readonly #cluster: Cluster
  readonly #options: FullKafkaOptions
  readonly #runtime: Pick<Runtime, 'setTimeout'>

  constructor(cluster: Cluster, options: FullKafkaOptions, runtime: Pick<Runtime, 'setTimeout'>) {
    this.#cluster = cluster
    this.#options = options
    this.#runtime = runtime
  }

  /** The topic of a log that exists; undefined when there is none. Never makes one. */
  async find(channel: string, deadline?: Deadline): Promise<TopicState | undefined> {
    const topic = await this.#cluster.freshTopic(channel, deadline)
    if (topic !== undefined) checkPartitions(topic)
    return topic
  }

  /** The topic of a log, which is made when it is missing. Resolves when the topic has a leader. */
  async make(channel: string, deadline: Deadline): Promise<TopicState> {
    const found = await this.find(channel, deadline)
    if (found !== undefined && found.leader >= 0) return found
    if (found === undefined) await this.#create(channel, deadline)
    const made = await this.#until(deadline, async () => {
      const topic = await this.find(channel, deadline)
      return topic !== undefined && topic.leader >= 0 && (await this.#isLed(topic)) ? topic : undefined
    })
    if (made === undefined)
      throw new CallFailure(`the topic ${channel} has no leader after ${this.#options.requestTimeoutMs} ms`)
    return made
  }

  async list(): Promise<readonly string[]> {
    const { topics } = await this.#cluster.allTopics()
    return topics
      .filter(
        ({ errorCode, internal, partitions }) => errorCode === 0 && !internal && partitions.length === 1,
      )
      .map(({ name }) => name)
      .filter(isChannelName)
  }

  /** Resolves when no broker that is up knows the topic any more. Answers whether there was one. */
  async delete(channel: string): Promise<boolean> {
    const deadline = this.#cluster.deadline()
    const answer = await this.#cluster.askController(
      admin.deleteTopics([channel], deadline.forBroker),
      ({ topicErrors }) => topicErrors.map(({ errorCode }) => errorCode),
      deadline,
    )
    try {
      for (const { errorCode } of answer.topicErrors) throwOnError(errorCode)
    } catch (error) {
      if (isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return false
      throw error
    }
    const forgotten = await this.#until(deadline, async () => {
      const knowing = await this.#cluster.knownBy(channel, deadline).catch((error: unknown) => {
        // A broker that has died is listed for a while.
        if (error instanceof CallFailure) return undefined
        throw error
      })
      return knowing?.length === 0 ? true : undefined
    })
    if (forgotten === undefined)
      throw new CallFailure(
        `the topic ${channel} is marked for deletion, and some broker still has it after ${this.#options.requestTimeoutMs} ms`,
      )
    this.#cluster.forget(channel)
    return true
  }

  /** Whether the broker that leads a new topic knows so already. It hears of it a little later than others. */
  async #isLed(topic: TopicState): Promise<boolean> {
    try {
      await offsetOf(this.#cluster, topic, 'earliest')
      return true
    } catch (error) {
      if (isKafkaError(error, ...NOT_LED_YET)) return false
      throw error
    }
  }

  async #create(channel: string, deadline: Deadline): Promise<void> {
    const answer = await this.#cluster.askController(
      admin.createTopics([newTopic(channel, this.#options)], deadline.forBroker),
      ({ topicErrors }) => topicErrors.map(({ errorCode }) => errorCode),
      deadline,
    )
    try {
      for (const { errorCode, errorMessage } of answer.topicErrors) throwOnError(errorCode, errorMessage)
    } catch (error) {
      // Another opener was faster.
      if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error
    }
  }

  /** Asks again and again until there is an answer, or the time is up. */
  async #until<T>(deadline: Deadline, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    for (;;) {
      const answer = await ask()
      if (answer !== undefined || deadline.left <= PAUSE_MS) return answer
      await sleep(this.#runtime, PAUSE_MS)
    }
  }
}

/**
 * A log's topic: one partition, nothing removed but by truncation. With LogAppendTime the brokers set the time of each record:
 * a partition forgets its producers by the times of their records, and would forget at once, and with it the fence, when a
 * client's clock is days behind.
 */
function newTopic(topic: string, options: FullKafkaOptions): NewTopic {
  const { replicationFactor, minInSyncReplicas, maxMessageBytes, segmentBytes } = options
  const settings: Readonly<Record<string, string | number | undefined>> = {
    'cleanup.policy': 'delete',
    'retention.ms': -1,
    'retention.bytes': -1,
    'message.timestamp.type': 'LogAppendTime',
    'unclean.leader.election.enable': 'false',
    'max.message.bytes': maxMessageBytes,
    'min.insync.replicas': minInSyncReplicas,
    'segment.bytes': segmentBytes,
  }
  return {
    topic,
    numPartitions: 1,
    replicationFactor,
    configEntries: Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ name, value: String(value) })),
  }
}

function checkPartitions({ name, partitions }: TopicState): void {
  if (partitions === 1) return
  throw new WalError(
    'WAL_INVALID_ARGUMENT',
    `the topic ${name} has ${partitions} partitions, and a log has one: between partitions Kafka keeps no order. Choose another channel.`,
  )
}
