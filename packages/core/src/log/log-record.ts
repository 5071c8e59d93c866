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

/**
 * A stored record whose reserved properties were decoded. Many readers share it, so it is never changed, and never given to
 * users.
 */
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
  /** Serialised id from which on everything above this record's time tick is stored; empty when that is the record's own id. */
  readonly lastConfirmed: string
  readonly previousTick: string
  /**
   * In another system's log: the term that was current at the record's last-confirmed id, −1 when unknown. Set when it is
   * delivered.
   */
  readonly startTerm?: number
}

/** Decodes a record that a backend read. A damaged record throws `WAL_CORRUPT`, which names the record's place. */
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
 * Whether another system wrote the record. In that system's logs a term alone names a writer, and records may be stored in
 * another order than that of their time ticks.
 */
export function isForeign(record: LogRecord): boolean {
  return record.incarnation === ''
}

/** Names a record in an error: by backend, channel and id. */
export function placeOf(id: MessageId, { where, ids }: NamedLog): string {
  return `${where}, message ${ids.serialise(id)}`
}

/** Throws when a log holds records of @wal and of another system: nobody could tell which of their writers is the newer one. */
export function refuseMixed(record: LogRecord, foreign: boolean, log: NamedLog): void {
  if (isForeign(record) === foreign) return
  const [these, those] = foreign ? ['@wal', 'another system'] : ['another system', '@wal']
  throw new WalError(
    'WAL_SPEC_UNSUPPORTED',
    `${placeOf(record.id, log)}: written by ${these}, in a log that ${those} wrote. @wal/core reads logs of either, not logs of both.`,
  )
}

/** Serialised id from which on everything above the record's time tick is stored. */
export function startFrom(record: LogRecord, ids: MessageIdCodec): string {
  return record.lastConfirmed === '' ? ids.serialise(record.id) : record.lastConfirmed
}

/**
 * The id from which on everything above the record's time tick is stored. Throws `WAL_CORRUPT` when the record names an id that
 * this backend cannot read.
 */
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
