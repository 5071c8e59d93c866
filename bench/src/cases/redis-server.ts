import { type RedisServer, startRedis } from '@wal/brokers'
import { Redis } from 'ioredis'
import { payloadOf } from '../bench-case.js'

/** What both sides of the Redis cases share: one server, and the fields of the peer. */
export interface RedisBench {
  readonly server: RedisServer
  readonly url: string
  readonly client: Redis
  close(): Promise<void>
}

export async function startRedisBench(): Promise<RedisBench> {
  const server = await startRedis({ appendfsync: 'everysec' }, console.error)
  const client = new Redis(server.port, server.host)
  let closed = false
  return {
    server,
    url: `redis-streams://${server.host}:${server.port}`,
    client,
    async close() {
      if (closed) return
      closed = true
      client.disconnect()
      await server.stop()
    },
  }
}

/** The same as ours stores for such a message: eight properties and a payload of 256 bytes. */
export function fieldsOf(index: number): (string | Buffer)[] {
  const tick = (2 ** 50 + index).toString(36)
  return [
    ...['_v', '1', '_t', '1', '_tt', tick, '_wt', '1', '_wi', 'k3j9x2m7q1', '_vc', 'eu', '_lcs', ''],
    ...['kind', 'created', '_payload'],
    payloadOf(index) as Buffer,
  ]
}
