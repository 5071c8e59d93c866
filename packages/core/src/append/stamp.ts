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
    const { type, vchannel, properties: own } = message
    // In its full length at once: a list that grows takes twice the room, and every message has one.
    const list = new Array<string>((vchannel === '' ? 14 : 16) + own.length)
    let at = 0
    list[at++] = RESERVED.version
    list[at++] = VERSION
    list[at++] = RESERVED.type
    list[at++] = TYPE_TEXT.get(type) ?? String(type)
    list[at++] = RESERVED.term
    list[at++] = this.#term
    list[at++] = RESERVED.incarnation
    list[at++] = this.#incarnation
    list[at++] = RESERVED.timeTick
    list[at++] = timeTick
    // No transaction can be open across it in this version: reading from a record itself meets all above it.
    list[at++] = RESERVED.lastConfirmedIsSelf
    list[at++] = ''
    list[at++] = RESERVED.previousTick
    list[at++] = this.previousTick
    if (vchannel !== '') {
      list[at++] = RESERVED.vchannel
      list[at++] = vchannel
    }
    for (let i = 0; i < own.length; i++) list[at++] = own[i] as string
    return list
  }
}
