import { openWal } from '@wal/core'
import '@wal/impl-kafka'
import { appendsInFlight } from '../appends.js'
import { type BenchCase, type Contender, timed } from '../bench-case.js'
import { type KafkaBench, kafkajsMessage, openKafkaBench } from '../kafka-bench.js'
import { platformaticMessage, platformaticProducer } from '../platformatic.js'

const IN_FLIGHT = 1000
const KAFKAJS_BATCH = 200
/** One batch at a time: with two sends at once its producer gives both the same sequence number, and the broker refuses one. */
const PLATFORMATIC_BATCH = 1000

/** Many concurrent callers of `append`, compared with batches of kafkajs with as many messages in flight. */
export const kafkaInFlight: BenchCase = {
  name: 'kafka, 1,000 appends in flight, beside kafkajs',
  unit: 'append',
  count: 200_000,
  quickCount: 40_000,
  atLeast: 2,
  server: 'kafka',
  prepare: () => compared(kafkajsPeer),
}

export const kafkaInFlightBesidePlatformatic: BenchCase = {
  name: 'kafka, 1,000 appends in flight, beside @platformatic/kafka',
  unit: 'append',
  count: 200_000,
  quickCount: 40_000,
  atLeast: 1,
  server: 'kafka',
  prepare: () => compared(platformaticPeer),
}

async function compared(peerOf: (kafka: KafkaBench, topic: string) => Promise<Contender>) {
  const kafka = await openKafkaBench()
  const wal = await openWal(kafka.url, { channel: kafka.topic('bench') })
  const topic = kafka.topic('peer')
  await kafka.make(topic)
  const peer = await peerOf(kafka, topic)
  const ours: Contender = {
    name: 'wal',
    round: (count) => timed(() => appendsInFlight(wal, count, IN_FLIGHT)),
    async close() {
      await wal.close()
      await peer.close?.()
      await kafka.close()
    },
  }
  return { ours, peer: { name: peer.name, round: peer.round } }
}

async function kafkajsPeer({ kafkajs }: KafkaBench, topic: string): Promise<Contender> {
  const producer = kafkajs.producer({ idempotent: true })
  await producer.connect()
  return {
    name: `kafkajs, idempotent, batches of ${KAFKAJS_BATCH} awaited`,
    round: (count) =>
      inBatches(count, KAFKAJS_BATCH, (indexes) =>
        producer.send({ topic, acks: -1, messages: indexes.map(kafkajsMessage) }),
      ),
    close: () => producer.disconnect(),
  }
}

async function platformaticPeer(kafka: KafkaBench, topic: string): Promise<Contender> {
  const producer = await platformaticProducer(kafka)
  return {
    name: `@platformatic/kafka, idempotent, batches of ${PLATFORMATIC_BATCH}`,
    round: (count) =>
      inBatches(count, PLATFORMATIC_BATCH, (indexes) =>
        producer.send({ messages: indexes.map((index) => platformaticMessage(topic, index)) }),
      ),
    close: () => producer.close(),
  }
}

/** Sends messages in batches, so many at once that `IN_FLIGHT` messages are in flight. */
function inBatches(
  count: number,
  size: number,
  send: (indexes: number[]) => Promise<unknown>,
): Promise<number> {
  return timed(async () => {
    let next = 0
    const sender = async (): Promise<void> => {
      while (next < count) {
        const first = next
        next = Math.min(count, first + size)
        await send(Array.from({ length: next - first }, (_, i) => first + i))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT / size }, sender))
  })
}
