import type { FilledOptions, OptionTable } from '@wal/walimpls'

export interface PulsarOptions {
  /** The addresses of some brokers or proxies. The default port is 6650, by TLS 6651. */
  readonly hosts: readonly string[]
  /** The tenant and the namespace in which each channel is a topic. Default: `'public/default'`. */
  readonly namespace?: string
  /** The token with which the client logs in. */
  readonly token?: string
  /**
   * Answers the token, in place of `token`; asked at every login and when the broker wants the token renewed. In code
   * only.
   */
  readonly tokenSupplier?: () => string | Promise<string>
  /** Connects by TLS, as the URL scheme `pulsar+ssl` does. Default: `false`. */
  readonly tls?: boolean
  /** Options for TLS that Node’s `tls.connect` takes: `ca`, `cert`, `key`, `servername`. In code only. */
  readonly tlsOptions?: TlsOptions
  /** The driver: `auto` takes `native` where the package pulsar-client is installed. Default: `'auto'`. */
  readonly driver?: 'auto' | 'protocol' | 'native'
  /**
   * The module pulsar-client, or the path of the package, for applications where it can’t be imported by its name, such
   * as bundled ones. In code only.
   */
  readonly pulsarClient?: unknown
  /** The admin interface, from which policies that could remove records are read: `http://host:8080`. Default: none. */
  readonly adminUrl?: string
  /** Name of the durable subscription that keeps the records of every log. Default: `'wal-kept'`. */
  readonly subscription?: string
  /**
   * How long an operation may wait for the brokers, from its beginning: for connections and for answers. From 100 to
   * 600,000. Default: 10,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How long a connection may be silent before the broker is asked whether it is there. From 100 to 600,000. Default:
   * 30,000.
   */
  readonly keepAliveMs?: number
  /** How many batches of a log may be in flight at once: sent and not acknowledged. From 1 to 64. Default: 8. */
  readonly maxInFlightBatches?: number
}

export interface TlsOptions {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
}

/** The options with their defaults. */
export type FullPulsarOptions = FilledOptions<PulsarOptions, typeof optionTable> & {
  readonly hosts: readonly string[]
}

const TLS_KEYS = ['ca', 'cert', 'key', 'servername']

function isTlsOptions(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && Object.keys(value).every((key) => TLS_KEYS.includes(key))
  )
}

export const optionTable = {
  hosts: {
    type: 'hosts',
    from: 'hosts',
    required: true,
    description: 'The addresses of some brokers or proxies. The default port is 6650, by TLS 6651.',
  },
  namespace: {
    type: 'text',
    from: 'path',
    default: 'public/default',
    description: 'The tenant and the namespace in which each channel is a topic.',
  },
  token: { type: 'text', secret: true, description: 'The token with which the client logs in.' },
  tokenSupplier: {
    type: 'value',
    accepts: { rule: 'a function', test: (value) => typeof value === 'function' },
    description:
      'Answers the token, in place of `token`; asked at every login and when the broker wants the token renewed. In code only.',
  },
  tls: {
    type: 'boolean',
    default: false,
    description: 'Connects by TLS, as the URL scheme `pulsar+ssl` does.',
  },
  tlsOptions: {
    type: 'value',
    secret: true,
    accepts: {
      rule: 'an object of `ca`, `cert`, `key` and `servername`, and nothing else',
      test: isTlsOptions,
    },
    description:
      'Options for TLS that Node’s `tls.connect` takes: `ca`, `cert`, `key`, `servername`. In code only.',
  },
  driver: {
    type: 'text',
    default: 'auto',
    allowed: ['auto', 'protocol', 'native'],
    description: 'The driver: `auto` takes `native` where the package pulsar-client is installed.',
  },
  pulsarClient: {
    type: 'value',
    accepts: {
      rule: 'the module pulsar-client or the path of the package',
      test: (value) => (typeof value === 'object' && value !== null) || typeof value === 'string',
    },
    description:
      'The module pulsar-client, or the path of the package, for applications where it can’t be imported by its name, such as bundled ones. In code only.',
  },
  adminUrl: {
    type: 'text',
    // An address may have a password in it.
    secret: true,
    defaultText: 'none',
    description:
      'The admin interface, from which policies that could remove records are read: `http://host:8080`.',
  },
  subscription: {
    type: 'text',
    default: 'wal-kept',
    description: 'Name of the durable subscription that keeps the records of every log.',
  },
  requestTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 10_000,
    min: 100,
    max: 600_000,
    description:
      'How long an operation may wait for the brokers, from its beginning: for connections and for answers.',
  },
  keepAliveMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 30_000,
    min: 100,
    max: 600_000,
    description: 'How long a connection may be silent before the broker is asked whether it is there.',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 8,
    min: 1,
    max: 64,
    description: 'How many batches of a log may be in flight at once: sent and not acknowledged.',
  },
} as const satisfies OptionTable
