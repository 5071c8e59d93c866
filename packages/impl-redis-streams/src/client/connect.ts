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

/** The ioredis clients of one opener. */
export interface Clients {
  readonly client: RedisClient
  /** Whether the opener made `client`, and so closes it. */
  readonly ours: boolean
  /**
   * A second client for appends, when the options ask for a confirmation by replicas or disk: waiting for it blocks the
   * connection.
   */
  readonly appends: RedisClient | undefined
}

/** The client that the user gave, or a new client that has connected. */
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
    // When the server refuses the database that was asked for, ioredis goes on in database 0. Selecting it once more gives the
    // error.
    if (!isCluster(client) && client.options.db) await client.select(client.options.db)
  } catch (error) {
    await disconnect(client, runtime)
    waits.signal?.throwIfAborted()
    // When a connection ends, ioredis reports only that. The reason was in an earlier error.
    throw mapError(attempts.reason ?? error, doing)
  } finally {
    attempts.end()
  }
}

/** The addresses of the servers, for errors; without user and password. */
export function placeOf({ hosts, client }: FullRedisStreamsOptions): string {
  return client === undefined ? `Redis at ${hosts.join(', ')}` : 'Redis'
}

async function newClient(options: FullRedisStreamsOptions): Promise<RedisClient> {
  // ioredis is loaded only when a client is needed: importing this package must not load it.
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
      // The hosts in the options are the sentinels, so the option `tls` concerns the connections to the sentinels as well.
      ...(tls ? { sentinelTLS: redis?.sentinelTLS ?? redis?.tls ?? {} } : {}),
    }
  if (redis?.sentinels || redis?.path !== undefined) return {}
  return parseHosts(hosts, DEFAULT_PORT)[0] ?? {}
}

function newCluster(Client: typeof Cluster, options: FullRedisStreamsOptions): Cluster {
  const { clusterOptions, hosts } = options
  const whole = {
    // A wake-up is published on the node that has the log, and not sent on to every node of the Cluster.
    shardedSubscribers: true,
    ...clusterOptions,
    redisOptions: {
      ...clusterOptions?.redisOptions,
      ...redisOptions(options),
      replyMapping: 'legacy' as const,
    },
    lazyConnect: true,
    // ioredis connects to a node when a command first needs it, and the command waits in the queue. `requestTimeoutMs` bounds
    // this wait.
    enableOfflineQueue: true,
    // ioredis must not send a command again: only the adaptor knows the order of batches.
    retryDelayOnFailover: 0,
    enableAutoPipelining: false,
  }
  const nodes = parseHosts(hosts, DEFAULT_PORT)
  return new Client(nodes, whole)
}

/**
 * The options of an ioredis client. Those that the guarantees depend on come last, so that a user's options cannot change them.
 */
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
    // Ends a connection over which no answer comes, so that the next attempt uses another.
    socketTimeout: requestTimeoutMs,
    ...redis,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(db === '0' ? {} : { db: Number(db) }),
    ...(tls && redis.tls === undefined ? { tls: {} } : {}),
    // Otherwise ioredis connects without TLS to the servers that sentinels name, and sends the password in clear text.
    enableTLSForSentinelMode: true,
    lazyConnect: true,
    // ioredis must neither queue commands while the server is away nor send them again: only the adaptor knows order and
    // deadlines.
    ...(cluster ? {} : { enableOfflineQueue: false }),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // With auto-pipelining, errors of ioredis do not name the command, and in a Cluster commands may change their order.
    enableAutoPipelining: false,
    // After a failover the old primary is a replica and refuses writes. Connecting again asks the sentinels for the new
    // primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY') || (reconnectOnError?.(error) ?? false),
  }
}

export function isCluster(client: RedisClient): client is Cluster {
  return (client as Partial<Cluster>).isCluster === true
}

/** A little longer than the 2,000 ms after which ioredis destroys a socket that the other side has not closed. */
const END_MS = 2_500

/** Ends a client that the opener made. Resolves when its sockets are closed. */
export async function disconnect(client: RedisClient, runtime: Runtime): Promise<void> {
  // A client that is waiting to reconnect has no socket, and emits no `end` when it is disconnected.
  const idle = client.status === 'end' || client.status === 'wait' || client.status === 'reconnecting'
  if (idle) return client.disconnect()
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve())
  })
  client.disconnect()
  await endsWithin(runtime, END_MS, ended)
}
