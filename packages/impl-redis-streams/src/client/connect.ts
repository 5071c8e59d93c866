import { type BuildWaits, invalidArgument, type Runtime } from '@wal/walimpls'
import { abortable, endsWithin, parseHosts } from '@wal/walimpls/helper'
import type { Cluster, Redis, RedisOptions } from 'ioredis'
import { Attempts, SENTINEL_FAILED } from './attempts.js'
import { connectCluster } from './connect-cluster.js'
import { mapError } from './error-mapping.js'
import type { FullRedisStreamsOptions } from './options.js'
import { quieten, quietenCluster, tellingConnector } from './quiet.js'
import type { RedisClient } from './redis-calls.js'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** The clients of an opener. */
export interface Clients {
  readonly client: RedisClient
  /** Whether `client` is to be closed with the opener. */
  readonly ours: boolean
  /** A second one, where an append holds its connection up until replicas or the disk have confirmed. */
  readonly appends: RedisClient | undefined
}

/** The user's client, or a new one that answers. */
export async function connect(
  options: FullRedisStreamsOptions,
  runtime: Runtime,
  waits: BuildWaits = {},
): Promise<Clients> {
  const ours = options.client === undefined
  const client = options.client ?? (await newClient(options))
  const doing = `connecting to ${placeOf(options)}`
  if (ours) await firstConnect(client, doing, { runtime, waits })
  if (options.waitReplicas === 0 && !options.waitAof) return { client, ours, appends: undefined }
  const appends = isCluster(client)
    ? client.duplicate([], { lazyConnect: true })
    : client.duplicate({ lazyConnect: true })
  if (isCluster(appends)) quietenCluster(appends)
  else quieten(appends)
  try {
    await firstConnect(appends, doing, { runtime, waits })
    return { client, ours, appends }
  } catch (error) {
    if (ours) await disconnect(client, runtime)
    throw error
  }
}

async function firstConnect(
  client: RedisClient,
  doing: string,
  { runtime, waits }: { readonly runtime: Runtime; readonly waits: BuildWaits },
): Promise<void> {
  const attempts = new Attempts(client, doing, waits)
  try {
    const connected = isCluster(client) ? connectCluster(client, runtime) : client.connect()
    await abortable(Promise.race([connected, attempts.hopeless]), waits.signal)
    // ioredis goes on in database 0 when the server refuses the one that was asked for.
    if (!isCluster(client) && client.options.db) await client.select(client.options.db)
  } catch (error) {
    await disconnect(client, runtime)
    waits.signal?.throwIfAborted()
    // Of a connection that ended ioredis says no more; why, it said before.
    throw mapError(attempts.reason ?? error, doing)
  } finally {
    attempts.end()
  }
}

/** Where the servers are, without user and password. */
export function placeOf({ hosts, client }: FullRedisStreamsOptions): string {
  return client === undefined ? `Redis at ${hosts.join(', ')}` : 'Redis'
}

async function newClient(options: FullRedisStreamsOptions): Promise<RedisClient> {
  // Loaded only here: importing this package loads no client.
  const ioredis = await import('ioredis')
  const { hosts, cluster, sentinel } = options
  if (hosts.length > 1 && !cluster && sentinel === undefined)
    throw invalidArgument(
      'The option "hosts" of backend "redis-streams" names more than one server. Add cluster: true, if they are nodes of a Cluster, or sentinel: NAME, if they are sentinels',
    )
  if (cluster) {
    const nodes = newCluster(ioredis.Cluster, options)
    quietenCluster(nodes)
    return nodes
  }
  const sentinelFailed = (error: unknown): void => void client.emit(SENTINEL_FAILED, error)
  const client: Redis = new ioredis.Redis({
    ...(watchesSentinels(options)
      ? { Connector: tellingConnector(ioredis.SentinelConnector, sentinelFailed) }
      : {}),
    ...redisOptions(options),
    ...address(options),
    replyMapping: 'legacy',
  })
  quieten(client)
  return client
}

function watchesSentinels({ sentinel, redis }: FullRedisStreamsOptions): boolean {
  return sentinel !== undefined || redis?.sentinels !== undefined
}

function address({ hosts, sentinel, tls, redis }: FullRedisStreamsOptions): RedisOptions {
  if (sentinel !== undefined)
    return {
      name: sentinel,
      sentinels: parseHosts(hosts, DEFAULT_SENTINEL_PORT),
      // The hosts are the sentinels, so what was asked of the hosts is asked of them.
      ...(tls ? { sentinelTLS: redis?.sentinelTLS ?? redis?.tls ?? {} } : {}),
    }
  if (redis?.sentinels || redis?.path !== undefined) return {}
  return parseHosts(hosts, DEFAULT_PORT)[0] ?? {}
}

function newCluster(Client: typeof Cluster, options: FullRedisStreamsOptions): Cluster {
  const { clusterOptions, hosts } = options
  const whole = {
    // A node's wake-ups stay on that node, instead of going through the whole Cluster.
    shardedSubscribers: true,
    ...clusterOptions,
    redisOptions: {
      ...clusterOptions?.redisOptions,
      ...redisOptions(options),
      replyMapping: 'legacy' as const,
    },
    lazyConnect: true,
    // Connections to nodes are made when first used; what comes meanwhile has to wait (our deadlines bound that).
    enableOfflineQueue: true,
    // Resending is the adaptor's, which knows the order.
    retryDelayOnFailover: 0,
    enableAutoPipelining: false,
  }
  const nodes = parseHosts(hosts, DEFAULT_PORT)
  return new Client(nodes, whole)
}

/** What the guarantees rest on stands last. */
function redisOptions(options: FullRedisStreamsOptions): RedisOptions {
  const { user, password, db, tls, requestTimeoutMs, redis = {}, cluster } = options
  if (!/^[0-9]{1,4}$/.test(db))
    throw invalidArgument(
      'The option "db" of backend "redis-streams" must be the number of a database, as text',
      db,
    )
  if (cluster && db !== '0')
    throw invalidArgument(
      'The option "db" of backend "redis-streams" must be "0" with a Cluster, which has no other database',
      db,
    )
  const { reconnectOnError } = redis
  return {
    connectTimeout: requestTimeoutMs,
    // Kills a half-open connection, so that the next attempt gets another.
    socketTimeout: requestTimeoutMs,
    ...redis,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(db === '0' ? {} : { db: Number(db) }),
    ...(tls && redis.tls === undefined ? { tls: {} } : {}),
    // Else ioredis talks in clear, password and all, to servers that it has from sentinels.
    enableTLSForSentinelMode: true,
    lazyConnect: true,
    // Neither kept until the server is back nor sent again: the adaptor decides, who knows the order and the deadline.
    ...(cluster ? {} : { enableOfflineQueue: false }),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // ioredis loses the name of the command in it, and in a Cluster the order.
    enableAutoPipelining: false,
    // A primary that was made a replica by a failover: ask the sentinels again.
    reconnectOnError: (error) => error.message.startsWith('READONLY') || (reconnectOnError?.(error) ?? false),
  }
}

export function isCluster(client: RedisClient): client is Cluster {
  return (client as Partial<Cluster>).isCluster === true
}

/** What ioredis takes to destroy a socket that the other side does not close (2,000), and a little more. */
const END_MS = 2_500

/** Ends a client of ours. Resolves when its sockets are gone. */
export async function disconnect(client: RedisClient, runtime: Runtime): Promise<void> {
  // Between two attempts to connect there is no socket, and ioredis says nothing when it gives up.
  const idle = client.status === 'end' || client.status === 'wait' || client.status === 'reconnecting'
  if (idle) return client.disconnect()
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve())
  })
  client.disconnect()
  await endsWithin(runtime, END_MS, ended)
}
