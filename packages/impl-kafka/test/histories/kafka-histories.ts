import { type KafkaServer, startKafka } from '@wal/brokers'
import type { HistoryFault, HistoryScene } from '@wal/histories'
import { kafkaBuilder } from '../../src/builder.js'
import type { KafkaOptions } from '../../src/client/options.js'

type BrokerOptions = NonNullable<Parameters<typeof startKafka>[0]>

/** A broker that was killed waits until its former session has ended before it leads anything again. */
export const quickRestart = {
  'broker.session.timeout.ms': 2000,
  'broker.heartbeat.interval.ms': 500,
} as const

/** A broker of this test alone. It is stopped when the test ends. */
export async function ownKafka(
  closing: AsyncDisposable[],
  { config, ...more }: Omit<BrokerOptions, 'proxy'> = {},
): Promise<KafkaServer> {
  const kafka = await startKafka({ ...more, config: { ...quickRestart, ...config } })
  closing.push(kafka)
  return kafka
}

/** The backend under a fault. */
export function kafkaScene(
  hosts: readonly string[],
  fault: HistoryFault,
  more: Omit<KafkaOptions, 'hosts'> = {},
): HistoryScene {
  return { builder: kafkaBuilder, writing: { hosts, ...more }, fault }
}
