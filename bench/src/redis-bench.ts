import { type RedisServer, startRedis } from '@wal/brokers'
import { Redis } from 'ioredis'
import { payloadOf } from './bench-case.js'

/**
 * The environment variable that names a running server, as `host:port/database`. Both sides of a comparison use that server.
 */
export const BENCH_REDIS = 'WAL_BENCH_REDIS'

/** What our side and the peer's side of a Redis case share: one server, and the fields that the peer stores. */
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
      // The database is emptied, since another case may use this server next.
      await client.flushdb()
      client.disconnect()
      await own?.stop()
    },
  }
}

/** The fields that our backend stores for the same message: eight properties, and a payload of 256 bytes. */
export function fieldsOf(index: number): (string | Buffer)[] {
  const tick = (2 ** 50 + index).toString(36)
  return [
    ...['_v', '1', '_t', '1', '_tt', tick, '_wt', '1', '_wi', 'k3j9x2m7q1', '_vc', 'eu', '_lcs', ''],
    ...['kind', 'created', '_payload'],
    payloadOf(index) as Buffer,
  ]
}
