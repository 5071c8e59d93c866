import { openWal } from '@wal/core'
import '@wal/impl-kafka'
import type { ConsumerCrashEvent } from 'kafkajs'
import { appendBatches } from '../appends.js'
import { type BenchCase, timed } from '../bench-case.js'
import { type KafkaBench, openKafkaBench } from '../kafka-bench.js'

const MESSAGES = 100

/**
 * Opens a scanner on an open log and waits for its first message, compared with a consumer of kafkajs that joins a new group. A
 * consumer cannot share the connections of another one, so that connecting is a part of it. Ours has two requests to wait for: the
 * log's end, and the first page.
 */
export const kafkaFirstMessage: BenchCase = {
  name: 'kafka, first message of a new scanner',
  unit: 'scanner',
  count: 20,
  quickCount: 5,
  // A third of the peer's time at most.
  atLeast: 3.33,
  server: 'kafka',
  async prepare() {
    const kafka = await openKafkaBench()
    const channel = kafka.topic('bench')
    const writer = await openWal(kafka.url, { channel })
    await appendBatches(writer, MESSAGES)
    await writer.close()
    const reader = await openWal(kafka.url, { channel, accessMode: 'ro' })
    return {
      ours: {
        name: 'wal',
        round: (count) =>
          summed(count, async () => {
            const started = performance.now()
            for await (const _ of reader.read({})) return performance.now() - started
            throw new Error('no message was read')
          }),
        async close() {
          await reader.close()
          await kafka.close()
        },
      },
      peer: {
        name: 'kafkajs consumer, group.initial.rebalance.delay.ms=0',
        round: (count) => summed(count, () => firstMessage(kafka, channel)),
      },
    }
  },
}

async function summed(count: number, once: () => Promise<number>): Promise<number> {
  let sum = 0
  for (let i = 0; i < count; i++) sum += await once()
  return sum
}

let groups = 0

/** How long a new consumer needs until its first message, in milliseconds. */
async function firstMessage({ kafkajs }: KafkaBench, topic: string): Promise<number> {
  const consumer = kafkajs.consumer({ groupId: `first-${process.pid}-${groups++}` })
  try {
    return await timed(async () => {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await new Promise<void>((resolve, reject) => {
        // A broker that has just started may still be loading the groups. The consumer then starts again by itself.
        consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => {
          if (!payload.restart) reject(payload.error)
        })
        void consumer.run({ autoCommit: false, eachMessage: async () => resolve() })
      })
    })
  } finally {
    await consumer.disconnect()
  }
}
