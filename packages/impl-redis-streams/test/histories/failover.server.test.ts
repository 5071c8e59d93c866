import assert from 'node:assert/strict'
import { type RedisServer, startRedisSentinel } from '@wal/brokers'
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
    const group = await startRedisSentinel({ appendfsync: 'always' })
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
        await vi.waitUntil(async () => (await group.primary()) !== primary, patience)
        await primary.restart()
        await replicatedByTwo(() => group.primary())
      },
    }
  },
  ({ counts, lost, readersTold }) => {
    assert.equal(lost.count, FAILOVERS, 'a lost end was announced to nobody')
    assert.ok(lost.records >= FAILOVERS * ACKS_TO_LOSE)
    assert.equal(counts.writers, FAILOVERS + 2, 'each loss ends a writer')
    assert.ok(readersTold >= FAILOVERS, `readers were told ${readersTold} times`)
  },
)

async function replicatedByTwo(primary: () => Promise<RedisServer>): Promise<void> {
  await vi.waitUntil(async () => {
    const info = String(await (await primary()).command('INFO', 'replication'))
    return info.match(/state=online/g)?.length === 2
  }, patience)
}
