import assert from 'node:assert/strict'
import { type RedisSentinel, type RedisServer, startRedisSentinel } from '@wal/brokers'
import { vi } from 'vitest'
import { historyTest, LEAST_HITS } from './history-test.js'
import { isLong, PATIENCE_MS } from './scale.js'

const FAILOVERS = isLong ? LEAST_HITS : 3
/** Acknowledged by a primary that nobody replicates any more. */
const ACKS_TO_LOSE = 20
const patience = { timeout: PATIENCE_MS, interval: 20 }

historyTest(
  'the primary lost with what it had not replicated',
  async (closing) => {
    // A primary that is only slow must not be taken for a dead one: when another replica, which had more of the log, takes
    // over from it, what it lost comes back.
    const group = await startRedisSentinel({ appendfsync: 'always', downAfterMs: 5_000 })
    closing.push(group)
    const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`)
    const options = { hosts, sentinel: group.masterName, pollMs: 200, requestTimeoutMs: 2000 }
    return {
      writerOptions: options,
      readerOptions: options,
      strikes: FAILOVERS,
      mayLose: true,
      async strike(_ordinal, workload) {
        const primary = await group.primary()
        const replicas = group.servers.filter((server) => server !== primary)
        for (const replica of replicas) replica.freeze()
        await primary.command('CLIENT', 'KILL', 'TYPE', 'replica')
        const acked = workload.counts.acked
        await vi.waitUntil(() => workload.counts.acked >= acked + ACKS_TO_LOSE, patience)
        workload.hit()
        await primary.kill()
        for (const replica of replicas) replica.thaw()
        await noLongerNamed(group, primary)
        await primary.restart()
        // As Sentinel does by itself, some ten seconds later.
        await replicate(primary, await group.primary())
        await replicatedByTwo(() => group.primary())
      },
    }
  },
  ({ counts, lost, writersTold, readersTold }) => {
    // More often than here was struck, when Sentinel takes a busy primary for a dead one all the same.
    assert.ok(writersTold >= FAILOVERS, `writers were told ${writersTold} times`)
    assert.ok(lost.records >= FAILOVERS * ACKS_TO_LOSE, `${lost.records} lost records were told of`)
    assert.ok(counts.writers >= FAILOVERS + 2, 'each loss ends a writer')
    assert.ok(readersTold >= FAILOVERS, `readers were told ${readersTold} times`)
  },
)

/** A sentinel that hears late of the failover would send clients to the old primary, back with all its data. */
async function noLongerNamed(group: RedisSentinel, primary: RedisServer): Promise<void> {
  for (const sentinel of group.sentinels) {
    await vi.waitUntil(async () => {
      const named = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', group.masterName)
      return Number((named as string[] | null)?.[1] ?? primary.port) !== primary.port
    }, patience)
  }
}

async function replicate(restarted: RedisServer, { host, port }: RedisServer): Promise<void> {
  await vi.waitUntil(async () => {
    try {
      return await restarted.command('REPLICAOF', host, port)
    } catch (error) {
      if (!(error as Error).message.startsWith('LOADING')) throw error
      return undefined
    }
  }, patience)
}

async function replicatedByTwo(primary: () => Promise<RedisServer>): Promise<void> {
  await vi.waitUntil(async () => {
    const info = String(await (await primary()).command('INFO', 'replication'))
    return info.match(/state=online/g)?.length === 2
  }, patience)
}
