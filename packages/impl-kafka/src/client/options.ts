import type { FilledOptions, OptionTable } from '@wal/walimpls'
import type { KafkaConfig } from 'kafkajs'

export interface KafkaOptions {
  /** The addresses of some brokers, which tell those of the others. The default port is 9092. */
  readonly hosts: readonly string[]
  /** Name of the user for SASL. */
  readonly user?: string
  /** Password of the user. */
  readonly password?: string
  /**
   * How user and password are shown to the broker (SASL). Other mechanisms are given in `kafka: { sasl }`. Default:
   * `'scram-sha-512'`.
   */
  readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  /**
   * Connects by TLS, as the URL scheme `kafkas` does. Certificates go into `kafka: { ssl: { ca, cert, key } }`.
   * Default: `false`.
   */
  readonly tls?: boolean
  /**
   * How many brokers keep a copy of a log that is made. −1: as many as the broker’s setting default.replication.factor
   * says. From -1 to 32. Default: -1.
   */
  readonly replicationFactor?: number
  /**
   * How many copies have to have a record before it is acknowledged, for a log that is made. From 1 to 32. Default: the
   * broker’s setting min.insync.replicas.
   */
  readonly minInSyncReplicas?: number
  /**
   * The largest batch that a log which is made takes (max.message.bytes). A record is a little smaller. From 64 KiB to
   * 96 MiB. Default: 16 MiB.
   */
  readonly maxMessageBytes?: number
  /**
   * Size of the files in which the broker keeps a log that is made. Truncation frees whole files only. From 1 MiB to
   * 2,147,483,647. Default: the broker’s setting log.segment.bytes.
   */
  readonly segmentBytes?: number
  /** Whether batches are compressed before they are sent. Default: `'none'`. */
  readonly compression?: 'none' | 'gzip'
  /**
   * The fence of a channel is a transactional id of this text and the channel’s name. All writers of a log need the
   * same one. Default: `'wal-'`.
   */
  readonly transactionalIdPrefix?: string
  /**
   * How long an operation may wait for the brokers, from its beginning: for logins and for answers. After that it
   * fails, and a connection without an answer is made again. From 100 to 600,000. Default: 10,000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How long a broker holds back its answer to readers at the end of their logs when nothing is stored. A reader that
   * comes to the end waits for up to this time before the broker knows of it. From 10 to 10,000. Default: 200.
   */
  readonly pollMs?: number
  /** How many batches of a log may be in flight at once: sent and not acknowledged. From 1 to 5. Default: 5. */
  readonly maxInFlightBatches?: number
  /** Options that are passed through to kafkajs: `clientId`, `ssl` and `sasl`. In code only. */
  readonly kafka?: Pick<KafkaConfig, 'clientId' | 'ssl' | 'sasl'>
}

/** The options with their defaults. */
export type FullKafkaOptions = FilledOptions<KafkaOptions, typeof optionTable> & {
  readonly hosts: readonly string[]
}

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

/** Other options of kafkajs have no effect here: only its login is used. */
function isPassedThrough(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).every((key) => ['clientId', 'ssl', 'sasl'].includes(key))
  )
}

export const optionTable = {
  hosts: {
    type: 'hosts',
    from: 'hosts',
    required: true,
    description: 'The addresses of some brokers, which tell those of the others. The default port is 9092.',
  },
  user: { type: 'text', from: 'user', secret: true, description: 'Name of the user for SASL.' },
  password: { type: 'text', from: 'password', secret: true, description: 'Password of the user.' },
  mechanism: {
    type: 'text',
    default: 'scram-sha-512',
    allowed: ['plain', 'scram-sha-256', 'scram-sha-512'],
    description:
      'How user and password are shown to the broker (SASL). Other mechanisms are given in `kafka: { sasl }`.',
  },
  tls: {
    type: 'boolean',
    default: false,
    description:
      'Connects by TLS, as the URL scheme `kafkas` does. Certificates go into `kafka: { ssl: { ca, cert, key } }`.',
  },
  replicationFactor: {
    type: 'integer',
    default: -1,
    min: -1,
    max: 32,
    accepts: { rule: '-1, or from 1 to 32', test: (value) => value !== 0 },
    description:
      'How many brokers keep a copy of a log that is made. −1: as many as the broker’s setting default.replication.factor says.',
  },
  minInSyncReplicas: {
    type: 'integer',
    min: 1,
    max: 32,
    defaultText: 'the broker’s setting min.insync.replicas',
    description: 'How many copies have to have a record before it is acknowledged, for a log that is made.',
  },
  maxMessageBytes: {
    type: 'integer',
    unit: 'bytes',
    default: 16 * MEBIBYTE,
    min: 64 * KIBIBYTE,
    max: 96 * MEBIBYTE,
    description:
      'The largest batch that a log which is made takes (max.message.bytes). A record is a little smaller.',
  },
  segmentBytes: {
    type: 'integer',
    unit: 'bytes',
    min: MEBIBYTE,
    max: 2_147_483_647,
    defaultText: 'the broker’s setting log.segment.bytes',
    description:
      'Size of the files in which the broker keeps a log that is made. Truncation frees whole files only.',
  },
  compression: {
    type: 'text',
    default: 'none',
    allowed: ['none', 'gzip'],
    description: 'Whether batches are compressed before they are sent.',
  },
  transactionalIdPrefix: {
    type: 'text',
    default: 'wal-',
    description:
      'The fence of a channel is a transactional id of this text and the channel’s name. All writers of a log need the same one.',
  },
  requestTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 10_000,
    min: 100,
    max: 600_000,
    description:
      'How long an operation may wait for the brokers, from its beginning: for logins and for answers. After that it fails, and a connection without an answer is made again.',
  },
  pollMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 200,
    min: 10,
    max: 10_000,
    description:
      'How long a broker holds back its answer to readers at the end of their logs when nothing is stored. A reader that comes to the end waits for up to this time before the broker knows of it.',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 5,
    min: 1,
    max: 5,
    description: 'How many batches of a log may be in flight at once: sent and not acknowledged.',
  },
  kafka: {
    type: 'value',
    accepts: { rule: 'an object of `clientId`, `ssl` and `sasl`, and nothing else', test: isPassedThrough },
    description: 'Options that are passed through to kafkajs: `clientId`, `ssl` and `sasl`. In code only.',
  },
} as const satisfies OptionTable
