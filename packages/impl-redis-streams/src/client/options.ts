import type { FilledOptions, OptionTable } from '@wal/walimpls'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

export interface RedisStreamsOptions {
  /**
   * One server; with `cluster` some nodes of a Cluster; with `sentinel` the sentinels. Where no port is given it is
   * 6379, of sentinels 26379. Needed unless `client` or `redis` says where the server is.
   */
  readonly hosts?: readonly string[]
  /** Name of the ACL user. */
  readonly user?: string
  /** Password of the user. */
  readonly password?: string
  /** Number of the database, as text. In a Cluster it is 0. Default: `'0'`. */
  readonly db?: string
  /**
   * Connect by TLS, to sentinels too. The URL scheme `rediss-streams` says the same. Certificates go into `redis: {
   * tls: { ca, cert, key } }`, other ones for sentinels into `redis: { sentinelTLS }`. For sentinels without TLS before
   * servers with TLS, leave `tls` out and give `redis: { tls }`. Default: `false`.
   */
  readonly tls?: boolean
  /** The hosts are nodes of a Redis Cluster. Default: `false`. */
  readonly cluster?: boolean
  /** The hosts are sentinels. This is the name under which they know the primary. */
  readonly sentinel?: string
  /** Every key begins with this text. Default: `'wal:'`. */
  readonly prefix?: string
  /** An acknowledged append has reached this many replicas as well (`WAIT`). From 0 to 16. Default: 0. */
  readonly waitReplicas?: number
  /**
   * An acknowledged append is synced to the server’s append-only file, whatever `appendfsync` says (`WAITAOF`, Redis
   * 7.2). Default: `false`.
   */
  readonly waitAof?: boolean
  /**
   * How long a server may keep silent. After that the request fails and the connection is made again. From 100 to
   * 600,000. Default: 10,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How often waiting readers look by themselves, beside the wake-ups that are published. From 10 to 600,000. Default:
   * 2,000.
   */
  readonly pollMs?: number
  /** How many batches are sent before the first is acknowledged. From 1 to 64. Default: 4. */
  readonly maxInFlightBatches?: number
  /** Options that are passed through to ioredis. Those that this package relies on are overruled. In code only. */
  readonly redis?: RedisOptions
  /** Options that are passed through to `Cluster` of ioredis, in the same way. In code only. */
  readonly clusterOptions?: ClusterOptions
  /**
   * A `Redis` or `Cluster` of ioredis that is there already. It is used in place of all options that say where and how
   * to connect, and is not closed. In code only.
   */
  readonly client?: Redis | Cluster
}

/** With the defaults, and with a list of hosts that is empty where a client or `redis` says where to connect. */
export type FullRedisStreamsOptions = FilledOptions<RedisStreamsOptions, typeof optionTable> & {
  readonly hosts: readonly string[]
}

export const optionTable = {
  hosts: {
    type: 'hosts',
    from: 'hosts',
    description:
      'One server; with `cluster` some nodes of a Cluster; with `sentinel` the sentinels. Where no port is given it is 6379, of sentinels 26379. Needed unless `client` or `redis` says where the server is.',
  },
  user: { type: 'text', from: 'user', secret: true, description: 'Name of the ACL user.' },
  password: { type: 'text', from: 'password', secret: true, description: 'Password of the user.' },
  db: {
    type: 'text',
    from: 'path',
    default: '0',
    description: 'Number of the database, as text. In a Cluster it is 0.',
  },
  tls: {
    type: 'boolean',
    default: false,
    description:
      'Connect by TLS, to sentinels too. The URL scheme `rediss-streams` says the same. Certificates go into `redis: { tls: { ca, cert, key } }`, other ones for sentinels into `redis: { sentinelTLS }`. For sentinels without TLS before servers with TLS, leave `tls` out and give `redis: { tls }`.',
  },
  cluster: { type: 'boolean', default: false, description: 'The hosts are nodes of a Redis Cluster.' },
  sentinel: {
    type: 'text',
    description: 'The hosts are sentinels. This is the name under which they know the primary.',
  },
  prefix: { type: 'text', default: 'wal:', description: 'Every key begins with this text.' },
  waitReplicas: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 16,
    description: 'An acknowledged append has reached this many replicas as well (`WAIT`).',
  },
  waitAof: {
    type: 'boolean',
    default: false,
    description:
      'An acknowledged append is synced to the server’s append-only file, whatever `appendfsync` says (`WAITAOF`, Redis 7.2).',
  },
  requestTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 10_000,
    min: 100,
    max: 600_000,
    description:
      'How long a server may keep silent. After that the request fails and the connection is made again.',
  },
  pollMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 2_000,
    min: 10,
    max: 600_000,
    description: 'How often waiting readers look by themselves, beside the wake-ups that are published.',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 4,
    min: 1,
    max: 64,
    description: 'How many batches are sent before the first is acknowledged.',
  },
  redis: {
    type: 'value',
    description:
      'Options that are passed through to ioredis. Those that this package relies on are overruled. In code only.',
  },
  clusterOptions: {
    type: 'value',
    description: 'Options that are passed through to `Cluster` of ioredis, in the same way. In code only.',
  },
  client: {
    type: 'value',
    description:
      'A `Redis` or `Cluster` of ioredis that is there already. It is used in place of all options that say where and how to connect, and is not closed. In code only.',
    accepts: { rule: 'a Redis or Cluster of ioredis', test: isClient },
  },
} as const satisfies OptionTable

function isClient(value: unknown): boolean {
  return typeof (value as { callBuffer?: unknown } | null)?.callBuffer === 'function'
}
