import type { MessageId, PackedIds, PropertyList, TimeTick, Writer } from '@wal/walimpls'
import { readProperties } from '@wal/walimpls/helper'
import type { LogRecord } from '../log/log-record.js'
import type { TakenMessage } from '../message/new-message.js'
import type { Run } from './run.js'

/** What a record costs in the buffer beside payload and properties, alone in its run and with the collector's slack. */
export const RECORD_OVERHEAD_BYTES = 512

export interface RunParts {
  readonly ids: PackedIds
  readonly firstTimeTick: TimeTick
  readonly writer: Writer
  /** Serialised id from which a reader meets all of the run; empty: each record's own. */
  readonly lastConfirmed: string
}

/**
 * Acknowledged messages that follow each other in the log, as bytes in slabs. Records are made when a reader asks: most
 * logs have none that tails in the writer's process.
 */
export class BufferedRun implements Run {
  readonly bytes: number
  readonly #parts: RunParts
  readonly #count: number
  readonly #slabs: Buffer[]
  readonly #starts: number[]
  readonly #payloadEnds: number[]
  readonly #vchannels: string[]
  readonly #types: number[]

  constructor(messages: readonly { readonly message: TakenMessage }[], parts: RunParts) {
    const count = messages.length
    this.#parts = parts
    this.#count = count
    this.#slabs = new Array(count)
    this.#starts = new Array(count)
    this.#payloadEnds = new Array(count)
    this.#vchannels = new Array(count)
    this.#types = new Array(count)
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const { message } = messages[i] as { message: TakenMessage }
      this.#slabs[i] = message.slab
      this.#starts[i] = message.start
      this.#payloadEnds[i] = message.payloadEnd
      this.#vchannels[i] = message.vchannel
      this.#types[i] = message.type
      bytes += message.bytes + RECORD_OVERHEAD_BYTES
    }
    this.bytes = bytes
  }

  get firstTimeTick(): TimeTick {
    return this.#parts.firstTimeTick
  }

  get lastTimeTick(): TimeTick {
    return this.#parts.firstTimeTick + BigInt(this.#count - 1)
  }

  /** Makes the records, which `bytes` does not count. */
  decode(): readonly LogRecord[] {
    const records = new Array<LogRecord>(this.#count)
    let previous: PropertyList | undefined
    for (let i = 0; i < records.length; i++) {
      const record = this.#record(i, previous)
      records[i] = record
      previous = record.properties
    }
    return records
  }

  #record(i: number, previous: PropertyList | undefined): LogRecord {
    const { ids, firstTimeTick, writer, lastConfirmed } = this.#parts
    const slab = this.#slabs[i] as Buffer
    const payloadEnd = this.#payloadEnds[i] as number
    return {
      id: ids.at(i) as MessageId,
      payload: slab.subarray(this.#starts[i], payloadEnd),
      properties: readProperties(slab, payloadEnd, previous).properties,
      timeTick: firstTimeTick + BigInt(i),
      term: writer.term,
      incarnation: writer.incarnation,
      type: this.#types[i] as number,
      opening: false,
      vchannel: this.#vchannels[i] as string,
      lastConfirmed,
      previousTick: '',
    }
  }
}
