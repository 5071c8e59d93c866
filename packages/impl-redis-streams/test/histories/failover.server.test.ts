import { type RedisSentinel, type RedisServer, startRedisSentinel } from '@wal/brokers'
import { endLost, historyTest, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'
import { redisScene } from './redis-histories.js'

const patience = { timeout: PATIENCE_MS, interval: 20 }

historyTest('the primary lost with what it had not replicated', async (closing) => {
  // A primary that is only slow must not be taken for a dead one: when another replica, which had more of the log, takes
  // over from it, what it lost comes back.
  const group = await startRedisSentinel({ appendfsync: 'always', downAfterMs: 5_000 })
  closing.push(group)
  const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`)
  const options = { hosts, sentinel: group.masterName, pollMs: 200, requestTimeoutMs: 2000 }
  return redisScene(options, endLost(new UnreplicatedPrimary(group)))
})

/** The primary acknowledges what no replica gets, and is killed; a replica takes over. */
class UnreplicatedPrimary {
  readonly #group: RedisSentinel

  constructor(group: RedisSentinel) {
    this.#group = group
  }

  async beginLosing(): Promise<void> {
    const primary = await this.#group.primary()
    for (const replica of this.#replicasOf(primary)) replica.freeze()
    await primary.command('CLIENT', 'KILL', 'TYPE', 'replica')
  }

  async lose(): Promise<void> {
    const group = this.#group
    const primary = await group.primary()
    await primary.kill()
    for (const replica of this.#replicasOf(primary)) replica.thaw()
    await noLongerNamed(group, primary)
    await primary.restart()
    // Sentinel would do the same by itself, but only after some ten seconds.
    await replicate(primary, await group.primary())
    await replicatedByTwo(() => group.primary())
  }

  #replicasOf(primary: RedisServer): RedisServer[] {
    return this.#group.servers.filter((server) => server !== primary)
  }
}

/** Waits until no sentinel names the old primary: one that did would send clients to it, which has all of its data again. */
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
