import { createHash } from 'node:crypto'
import type { Runtime } from '@wal/walimpls'
import type { Connect } from '../../src/client/brokers.js'
import { Connection } from '../../src/client/connection.js'
import { PRODUCE_KEY } from '../../src/protocol/produce.js'
import { NAMES } from './requests.js'
import { ScriptedBroker } from './scripted-broker.js'
import { ScriptedPartition } from './scripted-partition.js'

/** A topic of a `ScriptedCluster`. All brokers see the same partition; only the leader answers about it. */
export interface ScriptedTopic {
  readonly name: string
  readonly id: string
  readonly partition: ScriptedPartition
  readonly settings: Map<string, string>
  partitions: number
  internal: boolean
  leader: number
}

/** The last epoch that a coordinator gives out under one producer id. */
const LAST_GIVEN_EPOCH = 32_766

/**
 * A fake of a Kafka cluster, for unit tests: it has no server. Requests come as bytes, as they would go over a socket, and answers
 * go back as bytes, so that the product's encoders, decoders, connections and lanes are the real ones. Its brokers have a model of
 * Kafka in memory, and do with a request what a test says. Tests against a real broker prove that the model is right.
 */
export class ScriptedCluster {
  readonly brokers: readonly ScriptedBroker[]
  readonly topics = new Map<string, ScriptedTopic>()
  /** What the coordinator knows of transactional ids. */
  readonly identities = new Map<string, { id: bigint; epoch: number }>()
  readonly settings = new Map([['producer.id.expiration.ms', '86400000']])
  #nextProducer = 1000n
  #made = 0
  readonly runtime: Runtime

  constructor(runtime: Runtime, brokers: number) {
    this.runtime = runtime
    this.brokers = Array.from({ length: brokers }, (_, i) => new ScriptedBroker(i + 1, this, runtime))
  }

  readonly connect: Connect = async (host) => {
    const broker = this.brokers.find(({ node }) => portOf(node) === host.port)
    if (broker === undefined) throw new Error(`nobody listens at port ${host.port}`)
    const { socket } = broker.connect()
    const versions = new Map(Object.keys(NAMES).map((key) => [Number(key), { min: 0, max: 20 }]))
    // Later versions of Produce name topics by their ids.
    versions.set(PRODUCE_KEY, { min: 0, max: 9 })
    return new Connection({
      login: { socket, versions, lifetimeMs: undefined },
      address: `${host.host}:${host.port}`,
      clientId: 'scripted',
      runtime: this.runtime,
    })
  }

  endpoint(node: number) {
    return { nodeId: node, host: 'scripted', port: portOf(node) }
  }

  /** Brokers that are up. */
  get live(): readonly ScriptedBroker[] {
    return this.brokers.filter(({ down }) => !down)
  }

  make(name: string, settings: ReadonlyMap<string, string> = new Map(), partitions = 1): ScriptedTopic {
    const id = createHash('md5')
      .update(`${name} ${this.#made++}`)
      .digest('hex')
    const defaults = [
      ['cleanup.policy', 'delete'],
      ['max.message.bytes', '1048588'],
      ['min.insync.replicas', '1'],
    ] as const
    const topic = {
      ...{ name, id, partitions, internal: false, leader: 1 },
      partition: new ScriptedPartition(),
      settings: new Map([...defaults, ...settings]),
    }
    this.topics.set(name, topic)
    return topic
  }

  topic(name: string): ScriptedTopic {
    const topic = this.topics.get(name)
    if (topic === undefined) throw new Error(`there is no topic ${name}`)
    return topic
  }

  topicOf(id: string): ScriptedTopic | undefined {
    return [...this.topics.values()].find((topic) => topic.id === id)
  }

  /** Gives out a producer id with the next epoch; another id when the epochs are used up. */
  initialise(transactionalId: string): { readonly id: bigint; readonly epoch: number } {
    const known = this.identities.get(transactionalId)
    const identity =
      known === undefined || known.epoch >= LAST_GIVEN_EPOCH
        ? { id: this.#nextProducer++, epoch: 0 }
        : { id: known.id, epoch: known.epoch + 1 }
    this.identities.set(transactionalId, identity)
    return identity
  }
}

function portOf(node: number): number {
  return 9090 + node
}
