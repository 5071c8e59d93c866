import type { DeliveredRecord, NewRecord } from '../kit/adaptor.js'
import { bytesOf, textOf } from '../kit/batches.js'

/** A record whose payload begins with its number. A writer numbers its records from 0. */
export function countedRecord(ordinal: number): NewRecord {
  return { payload: bytesOf(`${ordinal} `.padEnd(40 + ((ordinal * 37) % 400), '.')) }
}

export function ordinalOf(record: DeliveredRecord): number {
  return Number(textOf(record).split(' ')[0])
}
