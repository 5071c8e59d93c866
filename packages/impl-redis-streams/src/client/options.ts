import type { FilledOptions, OptionTable } from '@wal/walimpls'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

export interface RedisStreamsOptions {
  /**
   * The address of the server; with `cluster`, of some nodes of the Cluster; with `sentinel`, of the sentinels. The
   * default port is 6379, for sentinels 26379. Needed unless `client` or `redis` says where the server is.
   */
  readonly hosts?: readonly string[]
  /** Name of the ACL user. */
  readonly user?: string
  /** Password of the user. */
  readonly password?: string
  /** Number of the database, as text. In a Cluster it is 0. Default: `'0'`. */
  readonly db?: string
  /**
   * Connects by TLS, to sentinels too, as the URL scheme `rediss-streams` does. Certificates go into `redis: { tls: {
   * ca, cert, key } }`, and other ones for sentinels into `redis: { sentinelTLS }`. For sentinels without TLS before
   * servers with TLS, leave `tls` out and give `redis: { tls }`. Default: `false`.
   */
  readonly tls?: boolean
  /** The hosts are nodes of a Redis Cluster. Default: `false`. */
  readonly cluster?: boolean
  /** The name under which the sentinels know the primary. With this option the hosts are sentinels. */
  readonly sentinel?: string
  /** Every key of this backend on the server begins with this text. Default: `'wal:'`. */
  readonly prefix?: string
  /** An append is acknowledged only when this many replicas have it too (`WAIT`). From 0 to 16. Default: 0. */
  readonly waitReplicas?: number
  /**
   * An append is acknowledged only when it is synced to the server’s append-only file, whatever `appendfsync` says
   * (`WAITAOF`, Redis 7.2). Default: `false`.
   */
  readonly waitAof?: boolean
  /**
   * How long a request may wait for the server’s answer. After that the request fails and the connection is made again.
   * From 100 to 600,000. Default: 10,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How often readers that wait at the log’s end ask the server for new records, in case a published wake-up was lost.
   * From 10 to 600,000. Default: 2,000.
   */
  readonly pollMs?: number
  /** How many batches may be in flight at once: sent and not acknowledged. From 1 to 64. Default: 4. */
  readonly maxInFlightBatches?: number
  /** Options that are passed through to ioredis, except those that this package sets itself. In code only. */
  readonly redis?: RedisOptions
  /** Options that are passed through to `Cluster` of ioredis, in the same way. In code only. */
  readonly clusterOptions?: ClusterOptions
  /**
   * An existing `Redis` or `Cluster` client of ioredis, used in place of all options that say where and how to connect.
   * The opener does not close this client. In code only.
   */
  readonly client?: Redis | Cluster
}

/** The options with their defaults. `hosts` is an empty list when `client` or `redis` says where to connect. */
export type FullRedisStreamsOptions = FilledOptions<RedisStreamsOptions, typeof optionTable> & {
  readonly hosts: readonly string[]
}

export const optionTable = {
  hosts: {
    type: 'hosts',
    from: 'hosts',
    description:
      'The address of the server; with `cluster`, of some nodes of the Cluster; with `sentinel`, of the sentinels. The default port is 6379, for sentinels 26379. Needed unless `client` or `redis` says where the server is.',
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
      'Connects by TLS, to sentinels too, as the URL scheme `rediss-streams` does. Certificates go into `redis: { tls: { ca, cert, key } }`, and other ones for sentinels into `redis: { sentinelTLS }`. For sentinels without TLS before servers with TLS, leave `tls` out and give `redis: { tls }`.',
  },
  cluster: { type: 'boolean', default: false, description: 'The hosts are nodes of a Redis Cluster.' },
  sentinel: {
    type: 'text',
    description:
      'The name under which the sentinels know the primary. With this option the hosts are sentinels.',
  },
  prefix: {
    type: 'text',
    default: 'wal:',
    description: 'Every key of this backend on the server begins with this text.',
  },
  waitReplicas: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 16,
    description: 'An append is acknowledged only when this many replicas have it too (`WAIT`).',
  },
  waitAof: {
    type: 'boolean',
    default: false,
    description:
      'An append is acknowledged only when it is synced to the server’s append-only file, whatever `appendfsync` says (`WAITAOF`, Redis 7.2).',
  },
  requestTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 10_000,
    min: 100,
    max: 600_000,
    description:
      'How long a request may wait for the server’s answer. After that the request fails and the connection is made again.',
  },
  pollMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 2_000,
    min: 10,
    max: 600_000,
    description:
      'How often readers that wait at the log’s end ask the server for new records, in case a published wake-up was lost.',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 4,
    min: 1,
    max: 64,
    description: 'How many batches may be in flight at once: sent and not acknowledged.',
  },
  redis: {
    type: 'value',
    description:
      'Options that are passed through to ioredis, except those that this package sets itself. In code only.',
  },
  clusterOptions: {
    type: 'value',
    description: 'Options that are passed through to `Cluster` of ioredis, in the same way. In code only.',
  },
  client: {
    type: 'value',
    description:
      'An existing `Redis` or `Cluster` client of ioredis, used in place of all options that say where and how to connect. The opener does not close this client. In code only.',
    accepts: { rule: 'a Redis or Cluster of ioredis', test: isClient },
  },
} as const satisfies OptionTable

function isClient(value: unknown): boolean {
  return typeof (value as { callBuffer?: unknown } | null)?.callBuffer === 'function'
}
