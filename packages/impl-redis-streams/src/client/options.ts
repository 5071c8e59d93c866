import type { OptionTable } from '@wal/walimpls'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

export interface RedisStreamsOptions {
  /** `host` or `host:port`. One server; with `cluster` some nodes of a Cluster; with `sentinel` the sentinels. */
  readonly hosts?: readonly string[]
  readonly user?: string
  readonly password?: string
  /** Number of the database, as text since it stands in the URL's path. */
  readonly db?: string
  readonly tls?: boolean
  /** The hosts are nodes of a Redis Cluster. */
  readonly cluster?: boolean
  /** The hosts are sentinels; this is the name under which they know the primary. */
  readonly sentinel?: string
  /** Begins every key. */
  readonly prefix?: string
  /** An acknowledged append has reached so many replicas as well. */
  readonly waitReplicas?: number
  /** An acknowledged append is in the server's append-only file on disk, whatever `appendfsync` says (Redis 7.2). */
  readonly waitAof?: boolean
  /** How long a server may keep silent before a request fails and the connection is made again. */
  readonly requestTimeoutMs?: number
  /** How often waiting readers look by themselves, beside the published wake-ups. */
  readonly pollMs?: number
  readonly maxInFlightBatches?: number
  /** Passed through to ioredis; what this package relies on overrules it. */
  readonly redis?: RedisOptions
  /** The same for a Cluster. */
  readonly clusterOptions?: ClusterOptions
  /** A client that is there already, used in place of all options above that say where and how to connect. It is not closed. */
  readonly client?: Redis | Cluster
}

/** After `optionTable` has filled in the defaults. */
export type FullRedisStreamsOptions = RedisStreamsOptions &
  Required<
    Pick<
      RedisStreamsOptions,
      | 'hosts'
      | 'db'
      | 'tls'
      | 'cluster'
      | 'prefix'
      | 'waitReplicas'
      | 'waitAof'
      | 'requestTimeoutMs'
      | 'pollMs'
      | 'maxInFlightBatches'
    >
  >

export const optionTable = {
  hosts: {
    type: 'texts',
    from: 'hosts',
    description: 'servers, host or host:port; the port is 6379, of sentinels 26379, when not given',
  },
  user: { type: 'text', from: 'user', secret: true, description: 'ACL user' },
  password: { type: 'text', from: 'password', secret: true, description: 'password of the user' },
  db: { type: 'text', from: 'path', default: '0', description: 'number of the database; 0 in a Cluster' },
  tls: {
    type: 'boolean',
    default: false,
    description: 'connect by TLS; the scheme rediss-streams says so too. Certificates go into `redis.tls`',
  },
  cluster: { type: 'boolean', default: false, description: 'the hosts are nodes of a Redis Cluster' },
  sentinel: {
    type: 'text',
    description: 'the hosts are sentinels; this is the name by which they know the primary',
  },
  prefix: { type: 'text', default: 'wal:', description: 'begins every key' },
  waitReplicas: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 16,
    description: 'an acknowledged append has reached so many replicas as well (WAIT)',
  },
  waitAof: {
    type: 'boolean',
    default: false,
    description:
      'an acknowledged append is synced to the append-only file, whatever appendfsync says (WAITAOF, Redis 7.2)',
  },
  requestTimeoutMs: {
    type: 'integer',
    default: 10_000,
    min: 100,
    max: 600_000,
    description: 'how long a server may keep silent before a request fails and the connection is made again',
  },
  pollMs: {
    type: 'integer',
    default: 2_000,
    min: 10,
    max: 600_000,
    description: 'how often waiting readers look by themselves, beside the published wake-ups',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 4,
    min: 1,
    max: 64,
    description: 'batches sent before the first is acknowledged',
  },
  redis: { type: 'value', description: 'options passed through to ioredis (in code only)' },
  clusterOptions: {
    type: 'value',
    description: 'options passed through to ioredis’ Cluster (in code only)',
  },
  client: {
    type: 'value',
    description: 'an ioredis Redis or Cluster to use; it is not closed (in code only)',
  },
} as const satisfies OptionTable
