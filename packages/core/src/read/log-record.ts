import {
  MESSAGE_TYPE,
  type MessageId,
  type MessageIdCodec,
  type PropertyList,
  readEnvelope,
  type StoredMessage,
  type TimeTick,
  WalError,
} from '@wal/walimpls'

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
  /** Serialised id to start from to meet everything above this time tick; empty for the record's own. */
  readonly lastConfirmed: string
  readonly previousTick: string
}

/** Decodes a record as it comes from a backend. `WAL_CORRUPT` names its place. */
export function decodeRecord(stored: StoredMessage, where: string, ids: MessageIdCodec): LogRecord {
  const { id, payload, properties } = stored
  const envelope = readEnvelope(properties, () => `${where}, message ${ids.serialise(id)}`)
  // Without our mark, storage order need not be time-tick order, and this version has no reorder stage yet.
  if (envelope.incarnation === '')
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${where}, message ${ids.serialise(id)}: written by another system (no writer incarnation). This version of @wal/core reads only logs that @wal wrote.`,
    )
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
