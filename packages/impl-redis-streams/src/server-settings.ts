import type { Redis } from 'ioredis'
import { isCluster } from './client/connect.js'
import type { RedisCalls, RedisClient } from './client/redis-calls.js'

/** The settings of one server that decide what an acknowledgement is worth. Undefined where the server did not tell. */
export interface ServerSettings {
  readonly version: string | undefined
  /** The server's run id: a random text, made at its start. */
  readonly runId: string | undefined
  readonly appendOnly: boolean | undefined
  /** The setting `appendfsync`: `always`, `everysec` or `no`. */
  readonly sync: string | undefined
  /**
   * False with `no-appendfsync-on-rewrite yes`: while the append-only file is being rewritten nothing is synced, whatever
   * `sync` says.
   */
  readonly syncsWhileRewriting: boolean | undefined
  readonly maxMemory: number | undefined
  readonly evictionPolicy: string | undefined
  readonly replicas: number | undefined
  readonly isReplica: boolean | undefined
}

/**
 * Reads the settings of the server, or of every primary in a Cluster. Never rejects: a setting that cannot be read is
 * undefined.
 */
export async function readSettings(calls: RedisCalls): Promise<ServerSettings[]> {
  return Promise.all(primaries(calls.client).map((server) => readOne(calls, server)))
}

function primaries(client: RedisClient): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client]
}

async function readOne(calls: RedisCalls, server: Redis): Promise<ServerSettings> {
  const ask = (what: () => Promise<unknown>) =>
    calls.call('reading the server’s settings', what).catch(() => undefined)
  const [info, config] = await Promise.all([
    ask(() => server.info()),
    // CONFIG GET takes several names only from Redis 7 on. This one pattern covers both settings.
    ask(() => server.config('GET', '*appendfsync*')),
  ])
  const said = new Map<string, string>()
  for (const line of typeof info === 'string' ? info.split('\r\n') : []) {
    const colon = line.indexOf(':')
    if (colon > 0) said.set(line.slice(0, colon), line.slice(colon + 1))
  }
  const set = new Map<string, string>()
  const pairs = Array.isArray(config) ? config : []
  for (let i = 0; i + 1 < pairs.length; i += 2) set.set(String(pairs[i]), String(pairs[i + 1]))
  const onRewrite = set.get('no-appendfsync-on-rewrite')
  const number = (name: string) => (said.has(name) ? Number(said.get(name)) : undefined)
  return {
    version: said.get('redis_version'),
    runId: said.get('run_id'),
    appendOnly: said.has('aof_enabled') ? said.get('aof_enabled') === '1' : undefined,
    sync: set.get('appendfsync'),
    syncsWhileRewriting: onRewrite === undefined ? undefined : onRewrite === 'no',
    maxMemory: number('maxmemory'),
    evictionPolicy: said.get('maxmemory_policy'),
    replicas: number('connected_slaves'),
    isReplica: said.has('role') ? said.get('role') !== 'master' : undefined,
  }
}
