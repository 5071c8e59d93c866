import type { KafkaServer } from '@wal/brokers'
import { type Admin, Kafka, logLevel } from 'kafkajs'

type Broker = Pick<KafkaServer, 'internalPort'>

/** The public client, on the port of the brokers among each other, which asks nobody for a password. */
export function kafkajs({ internalPort }: Broker): Kafka {
  return new Kafka({ brokers: [`127.0.0.1:${internalPort}`], logLevel: logLevel.NOTHING })
}

/** Changes topics as an administrator does, past this package. */
export async function administer<T>(broker: Broker, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkajs(broker).admin()
  await admin.connect()
  try {
    return await run(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Stores records as another application does, past this package. */
export async function produce(
  broker: Broker,
  topic: string,
  { values, headers = {} }: { readonly values: readonly string[]; readonly headers?: Record<string, Buffer> },
): Promise<void> {
  const producer = kafkajs(broker).producer()
  await producer.connect()
  try {
    await producer.send({ topic, messages: values.map((value) => ({ value, headers })) })
  } finally {
    await producer.disconnect()
  }
}
