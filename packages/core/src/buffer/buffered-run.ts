import type { MessageId, TimeTick, Writer } from '@wal/walimpls'
import type { TakenMessage } from '../append/new-message.js'
import type { LogRecord } from '../read/log-record.js'

/**
 * What a record costs in the buffer beside payload and properties: about 250 bytes of objects, and the three times as
 * much garbage that V8 lets gather beside long-lived objects before it collects. Measured with a million small records.
 */
export const RECORD_OVERHEAD_BYTES = 768

/**
 * Acknowledged messages that follow each other in the log. Kept as they came in: records are made when the first reader
 * asks, since most logs have none that tails in the writer's process.
 */
export class BufferedRun {
  readonly bytes: number
  readonly #messages: readonly TakenMessage[]
  readonly #ids: readonly MessageId[]
  readonly #firstTimeTick: TimeTick
  readonly #writer: Writer
  readonly #lastConfirmed: string
  #records: readonly LogRecord[] | undefined

  constructor(parts: {
    readonly messages: readonly TakenMessage[]
    readonly ids: readonly MessageId[]
    readonly firstTimeTick: TimeTick
    readonly writer: Writer
    /** Serialised id from which a reader meets all of the run; empty: each record's own. */
    readonly lastConfirmed: string
  }) {
    this.#messages = parts.messages
    this.#ids = parts.ids
    this.#firstTimeTick = parts.firstTimeTick
    this.#writer = parts.writer
    this.#lastConfirmed = parts.lastConfirmed
    let bytes = 0
    for (const message of parts.messages) bytes += message.bytes + RECORD_OVERHEAD_BYTES
    this.bytes = bytes
  }

  get firstTimeTick(): TimeTick {
    return this.#firstTimeTick
  }

  get lastTimeTick(): TimeTick {
    return this.#firstTimeTick + BigInt(this.#messages.length - 1)
  }

  get records(): readonly LogRecord[] {
    this.#records ??= this.#messages.map((message, i) => ({
      id: this.#ids[i] as MessageId,
      payload: message.payload,
      properties: message.properties,
      timeTick: this.#firstTimeTick + BigInt(i),
      term: this.#writer.term,
      incarnation: this.#writer.incarnation,
      type: message.type,
      opening: false,
      vchannel: message.vchannel,
      lastConfirmed: this.#lastConfirmed,
      previousTick: '',
    }))
    return this.#records
  }
}
