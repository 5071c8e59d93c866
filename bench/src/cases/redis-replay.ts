import { openWal } from '@wal/core'
import '@wal/impl-redis-streams'
import type { Redis } from 'ioredis'
import { appendBatches } from '../appends.js'
import { type BenchCase, timed } from '../bench-case.js'
import { fieldsOf, openRedisBench } from '../redis-bench.js'

const PAGE = 1000

/** Reads a log from its first record to its end, compared with XREAD of entries with the same fields. */
export const redisReplay: BenchCase = {
  name: 'redis, replay',
  unit: 'message',
  count: 200_000,
  quickCount: 60_000,
  atLeast: 0.9,
  server: 'redis',
  async prepare() {
    const redis = await openRedisBench()
    const { client } = redis
    return {
      ours: {
        name: 'wal',
        async round(count) {
          const channel = `bench-${count}`
          const wal = await openWal(redis.url, { channel })
          if ((await client.xlen(`wal:{${channel}}`)) < count) await appendBatches(wal, count)
          await wal.close()
          const reader = await openWal(redis.url, { channel, accessMode: 'ro' })
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
        close: () => redis.close(),
      },
      peer: {
        name: `ioredis, XREAD COUNT ${PAGE}`,
        async round(count) {
          const stream = `peer-${count}`
          if ((await client.xlen(stream)) < count) await fillPeer(client, stream, count)
          return timed(async () => {
            let read = 0
            for (let last = '0-0'; ; ) {
              const reply = await client.xreadBuffer('COUNT', PAGE, 'STREAMS', stream, last)
              const entries = (reply as unknown as [Buffer, [Buffer, Buffer[]][]][] | null)?.[0]?.[1]
              if (entries === undefined) break
              read += entries.length
              last = String(entries.at(-1)?.[0])
            }
            if (read < count) throw new Error(`only ${read} of ${count} were read`)
          })
        },
        close: () => redis.close(),
      },
    }
  },
}

async function fillPeer(client: Redis, stream: string, count: number): Promise<void> {
  for (let next = 0; next < count; ) {
    const pipeline = client.pipeline()
    for (let i = 0; i < 500 && next < count; i++) pipeline.xadd(stream, '*', ...fieldsOf(next++))
    await pipeline.exec()
  }
}
