import { openWal } from '@wal/core'
import '@wal/impl-kafka'
import type { ConsumerCrashEvent, EachBatchPayload } from 'kafkajs'
import { appendBatches } from '../appends.js'
import { type BenchCase, timed } from '../bench-case.js'
import { type KafkaBench, openKafkaBench } from '../kafka-bench.js'

/** Reads a log from its first record to its end, compared with a consumer of kafkajs on the same topic. */
export const kafkaReplay: BenchCase = {
  name: 'kafka, replay',
  unit: 'message',
  count: 200_000,
  quickCount: 40_000,
  atLeast: 1.2,
  server: 'kafka',
  async prepare() {
    const kafka = await openKafkaBench()
    const filled = async (count: number): Promise<string> => {
      const channel = kafka.topic(`bench-${count}`)
      if ((await kafka.sizeOf(channel)) >= count) return channel
      const wal = await openWal(kafka.url, { channel })
      await appendBatches(wal, count)
      await wal.close()
      return channel
    }
    return {
      ours: {
        name: 'wal',
        async round(count) {
          const reader = await openWal(kafka.url, { channel: await filled(count), accessMode: 'ro' })
          try {
            return await timed(async () => {
              let read = 0
              for await (const batch of reader.read({ until: 'end' }).batches()) read += batch.length
              if (read < count) throw new Error(`only ${read} of ${count} were read`)
            })
          } finally {
            await reader.close()
          }
        },
        close: () => kafka.close(),
      },
      peer: {
        name: 'kafkajs consumer, from its joining on',
        round: async (count) => consumed(kafka, await filled(count), count),
      },
    }
  },
}

let groups = 0

/** Reads so many messages with a consumer of a group of its own. The time begins when the group is joined. */
async function consumed({ kafkajs }: KafkaBench, topic: string, count: number): Promise<number> {
  const consumer = kafkajs.consumer({ groupId: `replay-${process.pid}-${groups++}` })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic, fromBeginning: true })
    return await new Promise<number>((resolve, reject) => {
      let started = 0
      let read = 0
      consumer.on(consumer.events.GROUP_JOIN, () => {
        started = performance.now()
      })
      consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => reject(payload.error))
      void consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        async eachBatch({ batch }: EachBatchPayload) {
          read += batch.messages.length
          if (read >= count) resolve(performance.now() - started)
        },
      })
    })
  } finally {
    await consumer.disconnect()
  }
}
