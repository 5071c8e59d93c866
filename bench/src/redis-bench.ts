import { type RedisServer, startRedis } from '@wal/brokers'
import { Redis } from 'ioredis'
import { payloadOf } from './bench-case.js'

/** Names a server that runs already, as `host:port/database`: both sides of a comparison use the same one. */
export const BENCH_REDIS = 'WAL_BENCH_REDIS'

/** What both sides of the Redis cases share: one server, and the fields of the peer. */
export interface RedisBench {
  readonly url: string
  readonly client: Redis
  close(): Promise<void>
}

export function startBenchRedis(): Promise<RedisServer> {
  return startRedis({ appendfsync: 'everysec' }, console.error)
}

export async function openRedisBench(): Promise<RedisBench> {
  const given = process.env[BENCH_REDIS]
  const own = given === undefined ? await startBenchRedis() : undefined
  const [host = '', port, db] = given === undefined ? [own?.host, own?.port, 0] : given.split(/[:/]/)
  const client = new Redis({ host, port: Number(port), db: Number(db) })
  let closed = false
  return {
    url: `redis-streams://${host}:${port}/${db}`,
    client,
    async close() {
      if (closed) return
      closed = true
      // Another side may use this server afterwards, so it is left empty.
      await client.flushdb()
      client.disconnect()
      await own?.stop()
    },
  }
}

/** The same fields as our backend stores for such a message: eight properties and a payload of 256 bytes. */
export function fieldsOf(index: number): (string | Buffer)[] {
  const tick = (2 ** 50 + index).toString(36)
  return [
    ...['_v', '1', '_t', '1', '_tt', tick, '_wt', '1', '_wi', 'k3j9x2m7q1', '_vc', 'eu', '_lcs', ''],
    ...['kind', 'created', '_payload'],
    payloadOf(index) as Buffer,
  ]
}
