import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { payloadOf } from './bench-case.js'
import { headersOf, type KafkaBench } from './kafka-bench.js'

/** What the bench uses of the producer of @platformatic/kafka. */
export interface PlatformaticProducer {
  send(batch: { readonly messages: readonly PlatformaticMessage[] }): Promise<unknown>
  close(): Promise<void>
}

export interface PlatformaticMessage {
  readonly topic: string
  readonly partition: number
  readonly value: Buffer
  readonly headers: ReadonlyMap<Buffer, Buffer>
}

interface PlatformaticKafka {
  readonly ProduceAcks: { readonly ALL: number }
  readonly Producer: new (options: object) => PlatformaticProducer
}

const PEERS = fileURLToPath(new URL('../peers/', import.meta.url))
const ENTRY = `${PEERS}node_modules/@platformatic/kafka/dist/index.js`

/**
 * An idempotent producer of @platformatic/kafka, which takes bytes as they are. npm installs it at its first use: pnpm would
 * refuse it, since packages that it depends on declare Node 22, though they run on Node 20.
 */
export async function platformaticProducer({
  address,
}: Pick<KafkaBench, 'address'>): Promise<PlatformaticProducer> {
  if (!existsSync(ENTRY)) {
    console.error('installing @platformatic/kafka in bench/peers')
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: PEERS,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const { Producer, ProduceAcks } = (await import(ENTRY)) as PlatformaticKafka
  return new Producer({
    clientId: 'bench',
    bootstrapBrokers: [address],
    idempotent: true,
    acks: ProduceAcks.ALL,
  })
}

/** Bytes of the keys, made once: they are the same in every message. */
const KEYS = headersOf(0).map(([key]) => Buffer.from(key))

/** A message in the form that @platformatic/kafka takes. */
export function platformaticMessage(topic: string, index: number): PlatformaticMessage {
  const headers = new Map<Buffer, Buffer>()
  headersOf(index).forEach(([, value], i) => {
    headers.set(KEYS[i] as Buffer, Buffer.from(value))
  })
  return { topic, partition: 0, value: payloadOf(index) as Buffer, headers }
}
