import { openWal } from '@wal/core'
import '@wal/impl-kafka'
import { type BenchCase, payloadOf, timed } from '../bench-case.js'
import { openKafkaBench } from '../kafka-bench.js'
import { platformaticMessage, platformaticProducer } from '../platformatic.js'

/**
 * One acknowledged append after another, compared with sends of one message each. Both wait for one answer of the broker, which
 * takes most of the time.
 */
export const kafkaOneAtATime: BenchCase = {
  name: 'kafka, one append at a time',
  unit: 'append',
  count: 5_000,
  quickCount: 1_000,
  atLeast: 1.2,
  server: 'kafka',
  async prepare() {
    const kafka = await openKafkaBench()
    const wal = await openWal(kafka.url, { channel: kafka.topic('bench') })
    const topic = kafka.topic('peer')
    await kafka.make(topic)
    const producer = await platformaticProducer(kafka)
    const properties = new Map([['kind', 'created']])
    return {
      ours: {
        name: 'wal',
        round: (count) =>
          timed(async () => {
            for (let i = 0; i < count; i++)
              await wal.append({ vchannel: 'eu', payload: payloadOf(i), properties })
          }),
        async close() {
          await wal.close()
          await producer.close()
          await kafka.close()
        },
      },
      peer: {
        name: '@platformatic/kafka, idempotent, batches of 1',
        round: (count) =>
          timed(async () => {
            for (let i = 0; i < count; i++) await producer.send({ messages: [platformaticMessage(topic, i)] })
          }),
      },
    }
  },
}
