import type { Guarantees } from '@wal/walimpls'
import type { FullRedisStreamsOptions } from './client/options.js'
import type { ServerSettings } from './server-settings.js'

/**
 * What an acknowledgement is worth with the server's settings (G2). A setting that the server does not tell counts as unknown.
 */
export function guaranteesOf(
  servers: readonly ServerSettings[],
  { waitAof, waitReplicas, sentinel, cluster, redis }: FullRedisStreamsOptions,
): Guarantees {
  const replicated =
    waitReplicas > 0 ||
    sentinel !== undefined ||
    redis?.sentinels !== undefined ||
    servers.some(({ replicas }) => (replicas ?? 0) > 0)
  const unknownReplicas = servers.length === 0 || servers.some(({ replicas }) => replicas === undefined)
  const warnings = new Set<string>()
  for (const server of servers) for (const warning of warningsOf(server, waitAof)) warnings.add(warning)
  if (replicated)
    warnings.add(
      'The server has replicas: a failover may lose acknowledged records (WAL_LOG_ROLLED_BACK), and until it is noticed an old primary may take records of an old writer. Use one server with appendfsync always where that matters.',
    )
  return {
    durability: replicated
      ? bestEffort(waitReplicas)
      : worst(servers.map((server) => durabilityOf(server, waitAof))),
    fencing: replicated
      ? 'single-primary'
      : unknownReplicas
        ? 'unknown'
        : cluster
          ? 'all machines, by a script on the node that has the log'
          : 'all machines, by a script on the server',
    retention: worst(servers.map(retentionOf)),
    truncation: 'record',
    warnings: [...warnings],
  }
}

function bestEffort(waitReplicas: number): string {
  const reached =
    waitReplicas > 0 ? `; an acknowledged record is in the memory of ${waitReplicas} replicas as well` : ''
  return `best-effort${reached}`
}

const UNKNOWN = 'unknown'
const NOTHING = 'none: in the server’s memory only'
const A_SECOND =
  'written to the append-only file, synced once a second: a crash of the machine loses about a second'
const SYNCED = 'synced to the append-only file before acknowledgement'
const UNSYNCED = 'written to the append-only file, synced when the system likes'

/** The possible values, the weakest first. */
const DURABILITIES = [UNKNOWN, NOTHING, UNSYNCED, A_SECOND, SYNCED]
const KEPT = 'kept until truncated, or removed by hand'
const EVICTED = 'the server may evict logs when its memory is full'
const RETENTIONS = [UNKNOWN, EVICTED, KEPT]

function worst(found: readonly string[]): string {
  const order = found.some((each) => RETENTIONS.includes(each) && each !== UNKNOWN)
    ? RETENTIONS
    : DURABILITIES
  return order.find((each) => found.includes(each)) ?? UNKNOWN
}

function durabilityOf(server: ServerSettings, waitAof: boolean): string {
  const { appendOnly, sync, syncsWhileRewriting } = server
  if (appendOnly === false) return NOTHING
  if (waitAof && !lacksWaitAof(server)) return SYNCED
  if (appendOnly === undefined || sync === undefined || syncsWhileRewriting === undefined) return UNKNOWN
  if (!syncsWhileRewriting) return UNSYNCED
  return sync === 'always' ? SYNCED : sync === 'everysec' ? A_SECOND : UNSYNCED
}

function retentionOf({ maxMemory, evictionPolicy }: ServerSettings): string {
  if (maxMemory === undefined || evictionPolicy === undefined) return UNKNOWN
  return maxMemory > 0 && evictionPolicy.startsWith('allkeys-') ? EVICTED : KEPT
}

function lacksWaitAof({ version }: ServerSettings): boolean {
  return version !== undefined && isOlderThan(version, 7, 2)
}

function* warningsOf(server: ServerSettings, asksForAof: boolean): Generator<string> {
  const { appendOnly, sync, syncsWhileRewriting, evictionPolicy, version, isReplica } = server
  const waitAof = asksForAof && !lacksWaitAof(server)
  if (asksForAof && !waitAof)
    yield `Redis ${version} has no WAITAOF, without which no append is acknowledged: leave the option waitAof out, or use version 7.2 or later.`
  if (appendOnly === false)
    yield 'The server keeps no append-only file: a restart loses records. Set appendonly yes and appendfsync always.'
  else if (!waitAof && sync === 'everysec')
    yield 'The server syncs once a second (appendfsync everysec): a crash of the machine may lose acknowledged records. Set appendfsync always, or waitAof from Redis 7.2 on.'
  else if (!waitAof && sync === 'no')
    yield 'The server never syncs by itself (appendfsync no): a crash of the machine may lose acknowledged records. Set appendfsync always.'
  if (!waitAof && appendOnly && syncsWhileRewriting === false)
    yield 'The server syncs nothing while it rewrites its append-only file (no-appendfsync-on-rewrite yes): a crash of the machine then may lose acknowledged records. Set no-appendfsync-on-rewrite no.'
  if (appendOnly === undefined || (sync === undefined && !waitAof && appendOnly))
    yield 'The server does not tell its persistence settings (INFO or CONFIG GET is refused): what an acknowledgement is worth is unknown. Allow +info and +config|get.'
  if (evictionPolicy?.startsWith('allkeys-'))
    yield `The eviction policy ${evictionPolicy} may remove whole logs when memory is full. Set maxmemory-policy noeviction.`
  if (isReplica) yield 'The server is a replica: it takes no appends. Connect to the primary.'
  if (version !== undefined && isOlderThan(version, 6, 2))
    yield `Redis ${version} lacks commands that are needed: use version 6.2 or later.`
}

export function isOlderThan(version: string, major: number, minor: number): boolean {
  const [one = 0, two = 0] = version.split('.').map(Number)
  return one < major || (one === major && two < minor)
}
