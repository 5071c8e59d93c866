import {
  encodeInt64,
  MESSAGE_FORMAT_VERSION,
  MESSAGE_TYPE,
  RESERVED,
  utf8Length,
  type Writer,
} from '@wal/walimpls'
import type { TakenMessage } from './new-message.js'

const VERSION = String(MESSAGE_FORMAT_VERSION)

const RECORD = String(MESSAGE_TYPE.Record)
const TIME_TICK = String(MESSAGE_TYPE.TimeTick)

const { version, type, term, incarnation, timeTick, lastConfirmedIsSelf, previousTick } = RESERVED
const KEY_BYTES = [version, type, term, incarnation, timeTick, lastConfirmedIsSelf, previousTick].join(
  '',
).length

/** Texts of the usual types are there, so that a record needs no number formatting. */
function typeText(type: number): string {
  if (type === MESSAGE_TYPE.Record) return RECORD
  return type === MESSAGE_TYPE.TimeTick ? TIME_TICK : String(type)
}

/** Puts the reserved properties of this writer before a message's own. */
export class Stamp {
  readonly #term: string
  readonly #incarnation: string
  /** Of the keys, and of the values that never change. */
  readonly #constantBytes: number
  /** Serialised id of the last acknowledged persisted time tick, empty before the first. */
  previousTick: string

  constructor(writer: Writer, previousTick: string) {
    this.#term = encodeInt64(BigInt(writer.term))
    this.#incarnation = writer.incarnation
    this.#constantBytes = KEY_BYTES + VERSION.length + this.#term.length + utf8Length(writer.incarnation)
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
    list[at++] = typeText(type)
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

  /** What `recordBytes` counts of a message with this stamp, without looking at any text again. */
  bytesWith(
    { type, vchannel, bytes }: Pick<TakenMessage, 'type' | 'vchannel' | 'bytes'>,
    timeTick: string,
  ): number {
    const own = this.#constantBytes + typeText(type).length + timeTick.length + this.previousTick.length
    // The message's bytes have the vchannel itself in them.
    return bytes + own + (vchannel === '' ? 0 : RESERVED.vchannel.length)
  }
}
