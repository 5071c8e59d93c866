import type { Batch, MessageId, PackedIds, PropertyList, TimeTick, Writer } from '@wal/walimpls'
import { readRecord } from '@wal/walimpls/helper'
import type { LogRecord } from '../log/log-record.js'
import { lastConfirmedOf, previousTickOf, typeOf, vchannelOf } from '../message/stamp.js'
import type { Run } from './run.js'

/**
 * What a record costs in memory beside payload and properties when it is alone in its run, with slack for the garbage
 * collector.
 */
export const RECORD_OVERHEAD_BYTES = 512

export interface RunParts {
  readonly ids: PackedIds
  readonly firstTimeTick: TimeTick
  readonly writer: Writer
  /** Serialised id from which a reader finds all of the run. Empty when that is the own id of each record. */
  readonly lastConfirmed: string
}

/**
 * The records of an acknowledged batch, as the bytes that were stored. Records are made when a reader asks: most logs have
 * none that tails in the writer's process.
 */
export class BufferedRun implements Run {
  readonly bytes: number
  readonly #parts: RunParts
  readonly #count: number
  readonly #packed: readonly Uint8Array[]

  constructor({ bytes, count, packed }: Batch, parts: RunParts) {
    this.#parts = parts
    this.#count = count
    this.#packed = packed
    this.bytes = bytes + count * RECORD_OVERHEAD_BYTES
  }

  get firstTimeTick(): TimeTick {
    return this.#parts.firstTimeTick
  }

  get lastTimeTick(): TimeTick {
    return this.#parts.firstTimeTick + BigInt(this.#count - 1)
  }

  /** Makes the records. `bytes` does not count them. */
  decode(): readonly LogRecord[] {
    const { ids, firstTimeTick, writer, lastConfirmed } = this.#parts
    const records = new Array<LogRecord>(this.#count)
    let previous: PropertyList | undefined
    let i = 0
    for (const run of this.#packed)
      for (let at = 0; at < run.length; ) {
        const { payload, properties, end } = readRecord(run, at, previous)
        records[i] = {
          id: ids.at(i) as MessageId,
          payload,
          properties,
          timeTick: firstTimeTick + BigInt(i),
          term: writer.term,
          incarnation: writer.incarnation,
          type: typeOf(properties),
          opening: false,
          vchannel: vchannelOf(properties),
          lastConfirmed: lastConfirmedOf(properties) || lastConfirmed,
          previousTick: previousTickOf(properties),
        }
        i++
        previous = properties
        at = end
      }
    return records
  }
}
