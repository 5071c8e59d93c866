import {
  encodeUint64,
  MESSAGE_TYPE,
  RESERVED,
  readEnvelope,
  type StoredMessage,
  type TimeTick,
  type WireMessage,
  type Writer,
} from '@wal/walimpls'
import { tickProperties } from '../../src/append/ticker.js'
import type { TruncationPoint } from '../../src/log/truncation-point.js'
import { Stamp } from '../../src/message/stamp.js'
import { modelIds } from './model-log.js'

/** The records that a writer stamps and stores, without its waits. */
export class ModelWriter {
  readonly writer: Writer
  truncation: TruncationPoint | undefined
  readonly #stamp: Stamp
  readonly #logIdentity: string
  #timeTick: TimeTick

  constructor(known: {
    readonly writer: Writer
    readonly timeTick: TimeTick
    readonly lastTick: string
    readonly logIdentity: string
    readonly truncation: TruncationPoint | undefined
  }) {
    this.writer = known.writer
    this.#timeTick = known.timeTick
    this.#stamp = new Stamp(known.writer, known.lastTick)
    this.#logIdentity = known.logIdentity
    this.truncation = known.truncation
  }

  /** How far the writer's clock is ahead. */
  skip(ticks: bigint): void {
    this.#timeTick += ticks
  }

  opening(): WireMessage {
    return this.#tick([RESERVED.opening, ''])
  }

  tick(): WireMessage {
    return this.#tick([])
  }

  message(): WireMessage {
    return this.#record(MESSAGE_TYPE.Record, [])
  }

  /** Acknowledges a batch with the ids from `first` on. Later records name the batch's last time tick. */
  acked(batch: readonly WireMessage[], first: number): void {
    for (const [i, { properties }] of batch.entries())
      if (isTick(properties)) this.#stamp.previousTick = modelIds.serialise(modelIds.of(first + i))
  }

  /** Truncates: from the writer's next time tick on the log begins behind this record. */
  truncateAt(record: StoredMessage): void {
    const { term, incarnation, timeTick } = readEnvelope(record.properties, () => 'a record')
    this.truncation = { id: modelIds.serialise(record.id as never), writer: { term, incarnation }, timeTick }
  }

  #tick(more: readonly string[]): WireMessage {
    return this.#record(MESSAGE_TYPE.TimeTick, [
      ...tickProperties(this.#logIdentity, this.truncation),
      ...more,
    ])
  }

  #record(type: number, properties: readonly string[]): WireMessage {
    this.#timeTick++
    return {
      payload: new Uint8Array(0),
      properties: [...this.#stamp.texts(type, encodeUint64(this.#timeTick)), ...properties],
    }
  }
}

const isTick = (properties: WireMessage['properties']): boolean =>
  readEnvelope(properties, () => 'a record').type === MESSAGE_TYPE.TimeTick
