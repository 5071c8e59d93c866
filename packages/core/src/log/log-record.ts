import {
  corrupt,
  MESSAGE_TYPE,
  type MessageId,
  type MessageIdCodec,
  type PropertyList,
  readEnvelope,
  type StoredMessage,
  type TimeTick,
  WalError,
} from '@wal/walimpls'
import type { NamedLog } from './log-view.js'

/** A stored record with its reserved properties decoded once. Shared by readers: never changed, never handed to users. */
export interface LogRecord {
  readonly id: MessageId
  readonly payload: Uint8Array
  readonly properties: PropertyList
  readonly timeTick: TimeTick
  readonly term: number
  readonly incarnation: string
  readonly type: number
  readonly opening: boolean
  readonly vchannel: string
  /** Serialised id from which a reader gets everything above this time tick; empty for the record's own id. */
  readonly lastConfirmed: string
  readonly previousTick: string
  /** Of another system's record that is delivered: the term that was current at its last-confirmed id, −1 if unknown. */
  readonly startTerm?: number
}

/** Decodes a record as it comes from a backend. `WAL_CORRUPT` names its place. */
export function decodeRecord(stored: StoredMessage, log: NamedLog): LogRecord {
  const { id, payload, properties } = stored
  const envelope = readEnvelope(properties, () => placeOf(id, log))
  return {
    id,
    payload,
    properties,
    timeTick: envelope.timeTick,
    term: envelope.term,
    incarnation: envelope.incarnation,
    type: envelope.type,
    opening: envelope.opening,
    vchannel: envelope.vchannel,
    lastConfirmed: envelope.lastConfirmed,
    previousTick: envelope.previousTick,
  }
}

export function isTimeTick(record: LogRecord): boolean {
  return record.type === MESSAGE_TYPE.TimeTick
}

/**
 * Whether another system wrote the record. Then its term alone names its writer, and storage order need not be time-tick
 * order.
 */
export function isForeign(record: LogRecord): boolean {
  return record.incarnation === ''
}

/** Names a record in an error: backend, channel and id. */
export function placeOf(id: MessageId, { where, ids }: NamedLog): string {
  return `${where}, message ${ids.serialise(id)}`
}

/**
 * Throws for a record of @wal in a log that another system wrote, and the reverse: nobody can compare their writers.
 */
export function refuseMixed(record: LogRecord, foreign: boolean, log: NamedLog): void {
  if (isForeign(record) === foreign) return
  const [these, those] = foreign ? ['@wal', 'another system'] : ['another system', '@wal']
  throw new WalError(
    'WAL_SPEC_UNSUPPORTED',
    `${placeOf(record.id, log)}: written by ${these}, in a log that ${those} wrote. @wal/core reads logs of either, not logs of both.`,
  )
}

/** Serialised id from which a reader gets everything above the record's time tick. */
export function startFrom(record: LogRecord, ids: MessageIdCodec): string {
  return record.lastConfirmed === '' ? ids.serialise(record.id) : record.lastConfirmed
}

/** What `startFrom` answers, as an id. `WAL_CORRUPT` when the record names an id that this backend can't read. */
export function startIdOf(record: LogRecord, log: NamedLog): MessageId {
  if (record.lastConfirmed === '') return record.id
  try {
    return log.ids.parse(record.lastConfirmed)
  } catch (error) {
    throw corrupt(
      placeOf(record.id, log),
      'its property _lc, which names the record where reading has to begin, is no id of this backend',
      error,
    )
  }
}
