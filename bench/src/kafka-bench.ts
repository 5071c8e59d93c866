import { type KafkaServer, startKafka } from '@wal/brokers'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { payloadOf } from './bench-case.js'

/** The environment variable that names a running broker, as `host:port/prefix`: topics begin with that prefix. */
export const BENCH_KAFKA = 'WAL_BENCH_KAFKA'

/** What our side and the peer's side of a Kafka case share: one broker, without login and TLS. */
export interface KafkaBench {
  readonly url: string
  readonly address: string
  readonly kafkajs: Kafka
  readonly admin: Admin
  /** The name of a topic of this benchmark. */
  topic(name: string): string
  /** Makes a topic of one partition, unless it is there. */
  make(topic: string): Promise<void>
  /** How many records a topic has; 0 when it does not exist. */
  sizeOf(topic: string): Promise<number>
  close(): Promise<void>
}

export function startBenchKafka(): Promise<KafkaServer> {
  return startKafka({ fullSpeed: true }, console.error)
}

export async function openKafkaBench(): Promise<KafkaBench> {
  const given = process.env[BENCH_KAFKA]
  const own = given === undefined ? await startBenchKafka() : undefined
  const [address = '', prefix = 'here'] = given === undefined ? [own?.address] : given.split('/')
  const kafkajs = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const admin = kafkajs.admin()
  await admin.connect()
  let closed = false
  return {
    url: `kafka://${address}`,
    address,
    kafkajs,
    admin,
    topic: (name) => `${prefix}-${name}`,
    async make(topic) {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    },
    async sizeOf(topic) {
      if (!(await admin.listTopics()).includes(topic)) return 0
      const [partition] = await admin.fetchTopicOffsets(topic)
      return Number(partition?.offset ?? 0)
    },
    async close() {
      if (closed) return
      closed = true
      await admin.disconnect()
      await own?.stop()
    },
  }
}

/**
 * The headers of a message that a peer stores: eight, as for every backend. Ours has one more, `_pt`. The payload of 256 bytes is
 * the value.
 */
export function headersOf(index: number): [key: string, value: string][] {
  return [
    ['_v', '1'],
    ['_t', '1'],
    ['_tt', (2 ** 50 + index).toString(36)],
    ['_wt', '1'],
    ['_wi', 'k3j9x2m7q1'],
    ['_vc', 'eu'],
    ['_lcs', ''],
    ['kind', 'created'],
  ]
}

/** A message in the form that kafkajs takes. */
export function kafkajsMessage(index: number) {
  return { value: payloadOf(index) as Buffer, headers: Object.fromEntries(headersOf(index)) }
}
