import { encodeInt64, MESSAGE_FORMAT_VERSION, MESSAGE_TYPE, RESERVED, type Writer } from '@wal/walimpls'
import type { TakenMessage } from './new-message.js'

const VERSION = String(MESSAGE_FORMAT_VERSION)

/** Text of the usual message types, so that a record needs no number formatting. */
const TYPE_TEXT = new Map<number, string>([
  [MESSAGE_TYPE.Record, String(MESSAGE_TYPE.Record)],
  [MESSAGE_TYPE.TimeTick, String(MESSAGE_TYPE.TimeTick)],
])

/** Puts the reserved properties of this writer before a message's own. */
export class Stamp {
  readonly #term: string
  readonly #incarnation: string
  /** Serialised id of the last acknowledged persisted time tick, empty before the first. */
  previousTick: string

  constructor(writer: Writer, previousTick: string) {
    this.#term = encodeInt64(BigInt(writer.term))
    this.#incarnation = writer.incarnation
    this.previousTick = previousTick
  }

  properties(message: Pick<TakenMessage, 'type' | 'vchannel' | 'properties'>, timeTick: string): string[] {
    const list = [
      RESERVED.version,
      VERSION,
      RESERVED.type,
      TYPE_TEXT.get(message.type) ?? String(message.type),
      RESERVED.term,
      this.#term,
      RESERVED.incarnation,
      this.#incarnation,
      RESERVED.timeTick,
      timeTick,
      // No transaction can be open across it in this version: reading from a record itself meets all above it.
      RESERVED.lastConfirmedIsSelf,
      '',
      RESERVED.previousTick,
      this.previousTick,
    ]
    if (message.vchannel !== '') list.push(RESERVED.vchannel, message.vchannel)
    const own = message.properties
    for (let i = 0; i < own.length; i++) list.push(own[i] as string)
    return list
  }
}
