import assert from 'node:assert/strict'
import {
  encodeUint64,
  MESSAGE_TYPE,
  type MessageId,
  propertyOf,
  RESERVED,
  readEnvelope,
  type StoredMessage,
  type TimeTick,
  type WireMessage,
  type Writer,
} from '@wal/walimpls'
import { tickProperties } from '../../src/append/ticker.js'
import { parseLogPoint } from '../../src/log/log-point.js'
import { Recovery, type RecoveryPoint } from '../../src/log/recovery-point.js'
import type { TruncationPoint } from '../../src/log/truncation-point.js'
import { Stamp } from '../../src/message/stamp.js'
import { HeldUnits, pointOf } from './held-units.js'
import { modelIds } from './model-log.js'

/** The records that a writer stamps and stores, without its waits. */
export class ModelWriter {
  readonly writer: Writer
  truncation: TruncationPoint | undefined
  readonly #stamp: Stamp
  readonly #logIdentity: string
  readonly #opensFrom: RecoveryPoint | undefined
  #timeTick: TimeTick
  #recovery: Recovery | undefined
  #lastAcked: { readonly id: MessageId; readonly timeTick: TimeTick } | undefined
  held = new HeldUnits()

  constructor(known: {
    readonly writer: Writer
    readonly timeTick: TimeTick
    readonly lastTick: string
    readonly logIdentity: string
    readonly truncation: TruncationPoint | undefined
    readonly recoveryPoint: RecoveryPoint | undefined
  }) {
    this.writer = known.writer
    this.#timeTick = known.timeTick
    this.#stamp = new Stamp(known.writer, known.lastTick)
    this.#logIdentity = known.logIdentity
    this.truncation = known.truncation
    this.#opensFrom = known.recoveryPoint
  }

  /** How far the writer's clock is ahead. */
  skip(ticks: bigint): void {
    this.#timeTick += ticks
  }

  opening(): WireMessage {
    return this.#tick(this.#opensFrom, [RESERVED.opening, ''])
  }

  tick(): WireMessage {
    return this.#tick(this.recovery.now(), [])
  }

  message(properties: readonly string[] = []): WireMessage {
    return this.#record(MESSAGE_TYPE.Record, properties)
  }

  /** The opening record is stored, and `held` was rebuilt of what lies before it. */
  opened(record: StoredMessage, held: HeldUnits | undefined): void {
    this.held = held ?? this.held
    this.#lastAcked = { id: record.id, timeTick: pointOf(record, '').timeTick }
    const own = pointOf(record, modelIds.serialise(record.id as never))
    this.#recovery = new Recovery({
      ids: modelIds,
      writer: this.writer,
      lastAcked: () => this.#lastAcked ?? assert.fail('nothing is acknowledged'),
      states: [this.held],
      stored: this.#opensFrom ?? own,
    })
    this.#stamp.previousTick = own.id
  }

  get recovery(): Recovery {
    return this.#recovery ?? assert.fail('the writer has not opened the log')
  }

  /** Acknowledges a batch with the ids from `first` on. Later records name the batch's last time tick. */
  acked(batch: readonly WireMessage[], first: number): void {
    for (const [i, record] of batch.entries()) {
      const id = modelIds.of(first + i)
      const point = pointOf(record, modelIds.serialise(id))
      this.held.see(record, point)
      this.#lastAcked = { id, timeTick: point.timeTick }
      if (!isTick(record.properties)) continue
      this.#stamp.previousTick = point.id
      const named = propertyOf(record.properties, RESERVED.recoveryPoint) as string
      this.recovery.stored(parseLogPoint(named, 'recovery point', 'a model'))
    }
  }

  /** Truncates: from the writer's next time tick on the log begins behind this record. */
  truncateAt(record: StoredMessage): void {
    const { term, incarnation, timeTick } = readEnvelope(record.properties, () => 'a record')
    this.truncation = { id: modelIds.serialise(record.id as never), writer: { term, incarnation }, timeTick }
  }

  #tick(recoveryPoint: RecoveryPoint | undefined, more: readonly string[]): WireMessage {
    const { truncation } = this
    return this.#record(MESSAGE_TYPE.TimeTick, [
      ...tickProperties({ logIdentity: this.#logIdentity, truncation, recoveryPoint }),
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
