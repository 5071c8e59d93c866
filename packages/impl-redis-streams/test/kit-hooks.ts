import { randomBytes } from 'node:crypto'
import type { RedisServer } from '@wal/brokers'
import type { LostRecords } from '@wal/conformance'
import { systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { connect, disconnect } from '../src/client/connect.js'
import { type FullRedisStreamsOptions, optionTable, type RedisStreamsOptions } from '../src/client/options.js'
import type { RedisClient } from '../src/client/redis-calls.js'
import { logKeys } from '../src/stored/log-keys.js'

/** Breaks all connections from the servers' side: clients of a group go where its servers are, past any proxy. */
export function killClients(servers: () => Promise<readonly RedisServer[]>): () => Promise<void> {
  return async () => {
    for (const server of await servers())
      for (const type of ['normal', 'pubsub']) await server.command('CLIENT', 'KILL', 'TYPE', type)
  }
}

/** The kit's hooks that put a log back to an older state, and copy it under another prefix. */
export function copies(options: RedisStreamsOptions, disturb: () => Promise<void>) {
  return {
    async saveState(channel: string) {
      const saved = await dump(options, channel)
      return {
        async putBack() {
          await restore(options, channel, saved)
          // A failover breaks all connections too.
          await disturb()
        },
      }
    },
    async copy(channel: string) {
      const elsewhere = { ...options, prefix: `copy-${randomBytes(6).toString('hex')}:` }
      await restore(elsewhere, channel, await dump(options, channel))
      return { ...elsewhere }
    },
  }
}

/** The kit's hook that makes a hole, as an operator's `XDEL` does. */
export function removeEntries(
  options: RedisStreamsOptions,
  { channel, from, to }: LostRecords,
): Promise<void> {
  return withClient(
    options,
    async (client, { stream }) => {
      const entries = await client.xrange(stream, from, to)
      await client.xdel(stream, ...entries.map(([id]) => id))
    },
    channel,
  )
}

type Dump = readonly (Buffer | null)[]

function dump(options: RedisStreamsOptions, channel: string): Promise<Dump> {
  return withClient(
    options,
    async (client, { stream, state }) => [await client.dumpBuffer(stream), await client.dumpBuffer(state)],
    channel,
  )
}

/** Both keys are restored in one transaction, so nobody sees the records of one state with the fence of another. */
function restore(options: RedisStreamsOptions, channel: string, saved: Dump): Promise<void> {
  return withClient(
    options,
    async (client, { stream, state }) => {
      const transaction = client.multi().del(stream).del(state)
      for (const [i, key] of [stream, state].entries()) {
        const value = saved[i]
        if (value) transaction.restore(key, 0, value)
      }
      for (const [error] of (await transaction.exec()) ?? []) if (error) throw error
    },
    channel,
  )
}

async function withClient<T>(
  options: RedisStreamsOptions,
  work: (client: RedisClient, keys: ReturnType<typeof logKeys>) => Promise<T>,
  channel: string,
): Promise<T> {
  const full = readOptions<FullRedisStreamsOptions>(optionTable, options, 'backend "redis-streams"')
  const { client } = await connect(full, systemRuntime)
  try {
    return await work(client, logKeys(full.prefix, channel))
  } finally {
    await disconnect(client, systemRuntime)
  }
}
