import type { AppendOutcome, ErrorCode, WalError } from '@wal/walimpls'
import {
  brokenHandshakeRow,
  type ErrorMeaning,
  type ErrorRow,
  ErrorTable,
  tlsErrorRows,
} from '@wal/walimpls/helper'

interface Row {
  readonly names?: readonly string[] | RegExp
  readonly text?: RegExp
  readonly code?: ErrorCode
  readonly advice?: string
}

/** Errors with which the broker has certainly stored nothing, and which pass by themselves. */
const passing = (row: Row): ErrorRow => ({ ...row, retryable: true, outcome: 'not-written' })
/** Errors with which the broker has certainly stored nothing, and will not until somebody changes something. */
const refused = (row: Row): ErrorRow => ({ ...row, retryable: false, outcome: 'not-written' })
/** Errors with which the broker may have stored the batch. */
const doubtful = (row: Row): ErrorRow => ({ ...row, retryable: true, outcome: 'unknown' })

const TLS = { server: 'broker', authority: 'tlsOptions: { ca }' }

/** What every error means that brokers and the system can give. The first row that fits holds. */
const rows: readonly ErrorRow[] = [
  passing({
    text: /namespace not found/i,
    advice:
      'Make the namespace: pulsar-admin namespaces create. A cluster that was started a moment ago may not have public/default yet.',
  }),
  {
    names: ['ProducerFenced', 'ProducerBusy'],
    code: 'WAL_FENCED',
    retryable: false,
    outcome: 'not-written',
    advice: 'Another producer has the topic.',
  },
  {
    // The broker says so as a PersistenceError.
    text: /producer is closed/i,
    code: 'WAL_FENCED',
    retryable: false,
    outcome: 'unknown',
    advice: 'The broker has closed this writer’s producer: another one has the topic.',
  },
  {
    names: ['ProducerBlockedQuotaExceededError', 'ProducerBlockedQuotaExceededException'],
    code: 'WAL_STORAGE_FULL',
    retryable: true,
    outcome: 'not-written',
    advice:
      'The backlog quota of the namespace or of the topic is used up, and the log itself is the backlog. Truncate the log, or raise the quota: pulsar-admin namespaces set-backlog-quota.',
  },
  refused({
    names: ['TopicTerminatedError'],
    advice:
      'The topic was terminated (pulsar-admin topics terminate): it takes no more messages, ever. Choose another channel.',
  }),
  passing({
    names: ['ServiceNotReady', 'MetadataError', 'TooManyRequests'],
    advice: 'The broker is about to load the topic, or to hand it to another broker.',
  }),
  {
    names: ['TopicNotFound', 'SubscriptionNotFound'],
    code: 'WAL_CHANNEL_NOT_FOUND',
    retryable: false,
    outcome: 'not-written',
    advice:
      'The topic was deleted, or the broker makes none by itself (allowAutoTopicCreation=false). Make it, without partitions, or open it for writing where the broker may make it.',
  },
  doubtful({
    names: ['ChecksumError'],
    advice: 'What the broker got is not what was sent: the network between damages data.',
  }),
  doubtful({
    names: ['PersistenceError'],
    advice: 'The bookies failed: see the logs of the broker and of the bookies.',
  }),
  doubtful({ names: ['UnknownError'] }),
  passing({
    names: ['ConsumerBusy'],
    advice: 'Another process of this application truncates the log at this moment.',
  }),
  refused({
    names: ['AuthenticationError'],
    advice: 'Mend the token (`token` or `tokenSupplier`), or let the role of the token in.',
  }),
  refused({
    names: ['AuthorizationError'],
    advice:
      'The role lacks a permission on the namespace; those needed are in the README of @wal/impl-pulsar.',
  }),
  refused({
    names: ['UnsupportedVersionError'],
    advice: 'Pulsar from version 2.8 on is needed.',
  }),
  refused({
    names: ['NotAllowedError', 'InvalidTopicName', 'IncompatibleSchema', 'ConsumerAssignError'],
  }),
  ...tlsErrorRows(TLS),
  brokenHandshakeRow(TLS),
]

/** The meaning of a lost connection or a missing answer: the broker may have stored the batch. */
const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }

const table = new ErrorTable({ rows, otherwise: () => SILENCE })

/** Maps an error of a broker or of the system to a `WalError`; a `WalError` passes unchanged. */
export function mapError(error: unknown, doing: string): WalError {
  return table.map(error, doing)
}

/** Maps the error of an append, and says with which outcome the append failed. */
export function mapAppendError(error: unknown, doing: string, outcome?: AppendOutcome): WalError {
  return table.mapAppend(error, doing, outcome === undefined ? {} : { outcome })
}
