import type { AppendOutcome, ErrorCode, WalError } from '@wal/walimpls'
import {
  brokenHandshakeRow,
  type ErrorMeaning,
  type ErrorRow,
  ErrorTable,
  tlsErrorRows,
} from '@wal/walimpls/helper'

interface Row {
  readonly names: readonly string[] | RegExp
  readonly code?: ErrorCode
  readonly advice?: string
}

/** Errors with which the broker has certainly stored nothing, and which pass by themselves. */
const passing = (row: Row): ErrorRow => ({ ...row, retryable: true, outcome: 'not-written' })
/** Errors with which the broker has certainly stored nothing, and will not until somebody changes something. */
const refused = (row: Row): ErrorRow => ({ ...row, retryable: false, outcome: 'not-written' })
/** Errors with which the broker may have stored the batch. */
const doubtful = (row: Row): ErrorRow => ({ ...row, retryable: true, outcome: 'unknown' })

/** Advice for a user who may not do something with a resource. */
const aclAdvice = (resource: string) =>
  `The user lacks a permission on ${resource}; the ACLs needed are in the README of @wal/impl-kafka.`
const LOGIN_ADVICE = 'Mend the user, the password or the mechanism.'
const TLS = { server: 'broker', authority: 'kafka: { ssl: { ca } }' }

/** What every error means that brokers, kafkajs and the system can give. The first row that fits holds. */
const rows: readonly ErrorRow[] = [
  passing({
    names: [
      'NOT_LEADER_OR_FOLLOWER',
      'NOT_LEADER_FOR_PARTITION',
      'LEADER_NOT_AVAILABLE',
      'FENCED_LEADER_EPOCH',
      'UNKNOWN_LEADER_EPOCH',
      'PREFERRED_LEADER_NOT_AVAILABLE',
      'ELIGIBLE_LEADERS_NOT_AVAILABLE',
    ],
    advice: 'Another broker is about to lead the topic, or none can at present.',
  }),
  passing({
    names: [
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'GROUP_LOAD_IN_PROGRESS',
      'GROUP_COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR_FOR_GROUP',
      'CONCURRENT_TRANSACTIONS',
    ],
    advice: 'The coordinator that hands out producer ids is not ready yet.',
  }),
  passing({
    names: ['NOT_ENOUGH_REPLICAS'],
    advice: 'Fewer copies are in sync than min.insync.replicas asks for: bring brokers back.',
  }),
  passing({
    names: [
      'NOT_CONTROLLER',
      'BROKER_NOT_AVAILABLE',
      'REPLICA_NOT_AVAILABLE',
      'OFFSET_NOT_AVAILABLE',
      'THROTTLING_QUOTA_EXCEEDED',
      'FETCH_SESSION_ID_NOT_FOUND',
      'INVALID_FETCH_SESSION_EPOCH',
      'FETCH_SESSION_TOPIC_ID_ERROR',
      'CORRUPT_MESSAGE',
      'STALE_BROKER_EPOCH',
      'POSITION_OUT_OF_RANGE',
      // Another opener made the topic in the same moment.
      'TOPIC_ALREADY_EXISTS',
    ],
  }),
  passing({
    // A reader asks where the log begins and ends before it tells anybody of this. It gets here when that has changed since.
    names: ['OFFSET_OUT_OF_RANGE'],
    advice: 'The log begins or ends elsewhere than a moment ago.',
  }),
  passing({
    names: ['INVALID_REPLICATION_FACTOR'],
    advice:
      'Fewer brokers are up than a log is to have copies: bring brokers back or add some, or lower the option replicationFactor.',
  }),
  passing({
    names: ['INVALID_TIMESTAMP'],
    advice:
      'The clocks of this machine and of the broker differ by more than the topic allows: set them, or set message.timestamp.type of the topic to LogAppendTime.',
  }),
  passing({
    names: ['LISTENER_NOT_FOUND'],
    advice: 'The broker that leads the topic has no listener of the kind at which this client asks.',
  }),
  passing({
    names: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID'],
    advice: 'The topic was deleted, or the broker does not know of it yet.',
  }),
  doubtful({
    names: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    advice: 'The record is stored on fewer copies than min.insync.replicas asks for: bring brokers back.',
  }),
  doubtful({ names: ['REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION', 'UNKNOWN_SERVER_ERROR', 'UNKNOWN'] }),
  doubtful({
    names: ['KAFKA_STORAGE_ERROR', 'LOG_DIR_NOT_FOUND'],
    advice: 'The broker’s disk fails: see its log.',
  }),
  {
    names: ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTION_COORDINATOR_FENCED'],
    code: 'WAL_FENCED',
    retryable: false,
    outcome: 'not-written',
    advice: 'A newer writer has taken over.',
  },
  doubtful({
    // The writer looks in the log for its batch before it tells anybody of these. They get here only when that look fails.
    names: [
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      'UNKNOWN_PRODUCER_ID',
      'DUPLICATE_SEQUENCE_NUMBER',
      'INVALID_PRODUCER_ID_MAPPING',
      'INVALID_TXN_STATE',
      'TRANSACTION_ABORTABLE',
    ],
  }),
  {
    names: ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
    code: 'WAL_MESSAGE_TOO_LARGE',
    retryable: false,
    outcome: 'not-written',
    advice: 'The topic’s max.message.bytes is smaller: raise it, or send smaller messages.',
  },
  refused({
    names: [
      'INVALID_RECORD',
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      'INVALID_REQUIRED_ACKS',
      'INVALID_FETCH_SIZE',
      'OFFSET_MOVED_TO_TIERED_STORAGE',
    ],
  }),
  refused({ names: ['TOPIC_AUTHORIZATION_FAILED'], advice: aclAdvice('the topic') }),
  refused({ names: ['CLUSTER_AUTHORIZATION_FAILED'], advice: aclAdvice('the cluster') }),
  refused({
    names: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED'],
    advice: aclAdvice(
      'the transactional id, which is the option transactionalIdPrefix and the channel’s name',
    ),
  }),
  refused({
    names: ['SASL_AUTHENTICATION_FAILED', 'ILLEGAL_SASL_STATE', 'UNSUPPORTED_SASL_MECHANISM'],
    advice: LOGIN_ADVICE,
  }),
  refused({ names: ['UNSUPPORTED_VERSION'], advice: 'Kafka from version 3.1 on is needed.' }),
  refused({
    names: [
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_PARTITIONS',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'POLICY_VIOLATION',
      'TOPIC_DELETION_DISABLED',
      'TRANSACTIONAL_ID_NOT_FOUND',
      'INVALID_TRANSACTION_TIMEOUT',
      'SECURITY_DISABLED',
    ],
  }),
  { names: ['UNSUPPORTED_COMPRESSION_TYPE'], code: 'WAL_CORRUPT', retryable: false, outcome: 'not-written' },
  ...tlsErrorRows(TLS),
  brokenHandshakeRow(TLS),
  {
    // kafkajs says so when the broker closes the connection at the first request of the login.
    text: /^Closed connection$/,
    retryable: true,
    outcome: 'unknown',
    advice: 'The broker may speak TLS only at this address: take the scheme kafkas, or the option tls.',
  },
  {
    // kafkajs gives these without a number when the login itself is refused.
    text: /^SASL .*(mechanism is not supported|authentication failed)/,
    retryable: false,
    outcome: 'not-written',
    advice: LOGIN_ADVICE,
  },
]

/** The meaning of a lost connection or a missing answer: the broker may have stored the batch. */
const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }

const table = new ErrorTable({ rows, namesOf, otherwise: () => SILENCE })

/** Maps an error of a broker, of kafkajs or of the system to a `WalError`; a `WalError` passes unchanged. */
export function mapError(error: unknown, doing: string): WalError {
  return table.map(error, doing)
}

/** Maps the error of an append, and says with which outcome the append failed. */
export function mapAppendError(error: unknown, doing: string, outcome?: AppendOutcome): WalError {
  return table.mapAppend(error, doing, outcome === undefined ? {} : { outcome })
}

/** The name of a broker's error: ours carry it as `code`, those of kafkajs as `type`. */
function namesOf(error: unknown): readonly string[] {
  const { code, type } = (error ?? {}) as { code?: unknown; type?: unknown }
  return [code, type].filter((name) => typeof name === 'string')
}
