import { FaultProxy, type RedisServer, startRedis } from '@wal/brokers'
import { expect, test } from 'vitest'
import { runWorkload } from './workload.js'

/** `npm run test:redis:long` makes histories of 100,000. */
const APPENDS = Number(process.env.WAL_TEST_REDIS_APPENDS ?? 4000)
const FREEZE_MS = APPENDS >= 100_000 ? 20_000 : 1500
const ROUNDS = 25
const LIMIT_MS = 1_800_000

async function under(
  disturb: (redis: RedisServer, proxy: FaultProxy, round: number) => Promise<void>,
  { timeoutMs = 60_000, rounds = ROUNDS, requestTimeoutMs = 10_000, appends = APPENDS } = {},
) {
  await using redis = await startRedis({ appendfsync: 'always' })
  await using proxy = await FaultProxy.start({ target: redis, seed: 7 })
  const counts = await runWorkload({
    url: `redis-streams://127.0.0.1:${proxy.port}?requestTimeoutMs=${requestTimeoutMs}`,
    directUrl: `redis-streams://127.0.0.1:${redis.port}`,
    channel: 'load',
    appends,
    timeoutMs,
    rounds,
    disturb: (round) => disturb(redis, proxy, round),
  })
  const faults = structuredClone(proxy.counters.faults)
  console.log(JSON.stringify({ ...counts, faults }))
  return { ...counts, faults }
}

test(
  'connections reset between request and reply',
  async () => {
    const { doubtfulAttempts, faults, acked, unknown } = await under(async (_, proxy) => {
      const before = proxy.counters.faults['cut-reply'].hitsInFlight
      proxy.injectOnce({ kind: 'cut-reply' })
      while (proxy.counters.faults['cut-reply'].hitsInFlight === before) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (proxy.counters.faults['cut-reply'].hitsInFlight === before)
          proxy.injectOnce({ kind: 'cut-reply' })
      }
    })
    expect(faults['cut-reply'].hitsInFlight).toBeGreaterThanOrEqual(20)
    expect(doubtfulAttempts).toBeGreaterThan(0)
    expect(acked + unknown).toBe(APPENDS)
  },
  LIMIT_MS,
)

test(
  'the server killed and started again with its data',
  async () => {
    const { acked } = await under(
      async (redis) => {
        await redis.kill()
        await redis.restart()
      },
      { rounds: 10 },
    )
    expect(acked).toBe(APPENDS)
  },
  LIMIT_MS,
)

test(
  'the server frozen: callers that do not wait so long get an unknown outcome, and it is resolved',
  async () => {
    const { unknown, doubtfulAttempts } = await under(
      async (redis) => {
        redis.freeze()
        await new Promise((resolve) => setTimeout(resolve, FREEZE_MS))
        redis.thaw()
      },
      { rounds: 3, timeoutMs: FREEZE_MS / 5, requestTimeoutMs: Math.floor(FREEZE_MS / 3) },
    )
    expect(unknown).toBeGreaterThan(0)
    expect(doubtfulAttempts).toBeGreaterThan(0)
  },
  LIMIT_MS,
)

test(
  '200 ms of delay, and half-open connections',
  async () => {
    const { acked, faults } = await under(
      async (_, proxy, round) => {
        if (round === 0) proxy.inject({ kind: 'delay', ms: 200 })
        else proxy.injectOnce({ kind: 'half-open' })
      },
      { rounds: 3, requestTimeoutMs: 2000 },
    )
    expect(acked).toBe(APPENDS)
    expect(faults['half-open'].hits).toBeGreaterThan(0)
  },
  LIMIT_MS,
)
