import { encodeInt64, MESSAGE_FORMAT_VERSION, MESSAGE_TYPE, RESERVED, type Writer } from '@wal/walimpls'
import type { TakenMessage } from './new-message.js'

const VERSION = String(MESSAGE_FORMAT_VERSION)

/** Text of the usual message types, so that a record needs no number formatting. */
const TYPE_TEXT = new Map<number, string>([
  [MESSAGE_TYPE.Record, String(MESSAGE_TYPE.Record)],
  [MESSAGE_TYPE.TimeTick, String(MESSAGE_TYPE.TimeTick)],
])

/** Where the values that change stand in what every record begins with. */
const TYPE = 3
const TIME_TICK = 9
const PREVIOUS_TICK = 13

/** Puts the reserved properties of this writer before a message's own. */
export class Stamp {
  readonly #head: string[]

  constructor(writer: Writer, previousTick: string) {
    this.#head = [
      RESERVED.version,
      VERSION,
      RESERVED.type,
      '',
      RESERVED.term,
      encodeInt64(BigInt(writer.term)),
      RESERVED.incarnation,
      writer.incarnation,
      RESERVED.timeTick,
      '',
      // No transaction can be open across it in this version: reading from a record itself meets all above it.
      RESERVED.lastConfirmedIsSelf,
      '',
      RESERVED.previousTick,
      previousTick,
    ]
  }

  /** Serialised id of the last acknowledged persisted time tick, empty before the first. */
  set previousTick(id: string) {
    this.#head[PREVIOUS_TICK] = id
  }

  properties(message: Pick<TakenMessage, 'type' | 'vchannel' | 'properties'>, timeTick: string): string[] {
    const head = this.#head
    const { type, vchannel, properties: own } = message
    let at = head.length
    // In its full length at once: a list that grows takes twice the room, and every message has one.
    const list = new Array<string>(at + (vchannel === '' ? 0 : 2) + own.length)
    for (let i = 0; i < at; i++) list[i] = head[i] as string
    list[TYPE] = TYPE_TEXT.get(type) ?? String(type)
    list[TIME_TICK] = timeTick
    if (vchannel !== '') {
      list[at++] = RESERVED.vchannel
      list[at++] = vchannel
    }
    for (let i = 0; i < own.length; i++) list[at++] = own[i] as string
    return list
  }
}
