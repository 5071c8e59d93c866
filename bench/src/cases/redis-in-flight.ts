import { openWal } from '@wal/core'
import '@wal/impl-redis-streams'
import { appendsInFlight } from '../appends.js'
import { type BenchCase, timed } from '../bench-case.js'
import { fieldsOf, openRedisBench } from '../redis-bench.js'

const IN_FLIGHT = 2000
const PIPELINE = 500

/** Many concurrent callers of `append`, compared with XADD in pipelines with as many commands in flight. */
export const redisInFlight: BenchCase = {
  name: 'redis, 2,000 appends in flight',
  unit: 'append',
  count: 200_000,
  quickCount: 60_000,
  atLeast: 1.5,
  server: 'redis',
  async prepare() {
    const redis = await openRedisBench()
    const { client } = redis
    const wal = await openWal(redis.url, { channel: 'bench' })
    return {
      ours: {
        name: 'wal',
        round: (count) => timed(() => appendsInFlight(wal, count, IN_FLIGHT)),
        close: async () => {
          await wal.close()
          await redis.close()
        },
      },
      peer: {
        name: `ioredis, XADD in pipelines of ${PIPELINE}`,
        round: (count) =>
          timed(async () => {
            let next = 0
            const sender = async (): Promise<void> => {
              while (next < count) {
                const pipeline = client.pipeline()
                for (let i = 0; i < PIPELINE && next < count; i++)
                  pipeline.xadd('peer', '*', ...fieldsOf(next++))
                await pipeline.exec()
              }
            }
            await Promise.all(Array.from({ length: IN_FLIGHT / PIPELINE }, sender))
          }),
        close: () => redis.close(),
      },
    }
  },
}
