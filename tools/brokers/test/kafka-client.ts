import { Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { vi } from 'vitest'

export interface Address {
  readonly address: string
}

/** A client of a broker that prints nothing and gives up at the first failure. */
export function kafkaClient({ address }: Address, config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 30_000,
    ...config,
  })
}

/** Creates a topic of one partition. Resolves when the broker that created it knows the topic's leader. */
export async function createTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: false })
    // With `waitForLeaders`, kafkajs rejects when the broker does not know the new topic yet.
    await vi.waitFor(() => admin.fetchTopicMetadata({ topics: [topic] }), { timeout: 30_000, interval: 50 })
  } finally {
    await admin.disconnect()
  }
}

/** Appends records to a topic, and resolves when the brokers have confirmed them. */
export async function storeRecords(kafka: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  try {
    await producer.send({ topic, messages: values.map((value) => ({ value })) })
  } finally {
    await producer.disconnect()
  }
}

/** How many records a topic of one partition has. */
export async function countRecords(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [offsets] = await admin.fetchTopicOffsets(topic)
    return Number(offsets?.high) - Number(offsets?.low)
  } finally {
    await admin.disconnect()
  }
}
