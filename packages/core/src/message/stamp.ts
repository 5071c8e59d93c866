import {
  encodeInt64,
  MESSAGE_FORMAT_VERSION,
  MESSAGE_TYPE,
  type PropertyList,
  RESERVED,
  utf8Length,
  type Writer,
} from '@wal/walimpls'
import { textsBound, writeTexts } from '@wal/walimpls/helper'
import type { TimeTickRun } from '../time-tick/time-tick-run.js'
import type { RecordDraft } from './record-draft.js'

const VERSION = String(MESSAGE_FORMAT_VERSION)
const RECORD = String(MESSAGE_TYPE.Record)

/** A stamp is seven properties, each a key and a value: so many texts. */
export const STAMP_TEXTS = 14
/**
 * The places, among the texts of a stamp, of the values of type, time tick, last-confirmed id and previous tick. A vchannel follows
 * the stamp.
 */
const TYPE_AT = 3
const DIGITS_AT = 9
const LAST_CONFIRMED_AT = 11
const PREVIOUS_TICK_AT = 13

/** How many base-36 digits a time tick of this century has. The first time tick with another number of digits changes it. */
const USUAL_DIGITS = 12

/** What stamps are copied from: packed, with the digits of the time tick to be filled in. */
interface Template {
  readonly bytes: Buffer
  readonly digitsAt: number
  /** What `recordBytes` counts of the stamp. */
  readonly textBytes: number
}

/**
 * The reserved properties with which a writer marks a record as its own: format version, type, term, incarnation, time tick,
 * last-confirmed id and previous tick, in this order, before all other properties of the record.
 *
 * The stamps of a batch differ in the last digits of the time tick alone, so they are copied from a template.
 */
export class Stamp {
  readonly #term: string
  readonly #incarnation: string
  #previousTick: string
  #digits = USUAL_DIGITS
  #usual: Template
  readonly #unusual = new Map<number, Template>()

  /** `previousTick` is the serialised id of the last persisted time tick, empty before the first. */
  constructor(writer: Writer, previousTick: string) {
    this.#term = encodeInt64(BigInt(writer.term))
    this.#incarnation = writer.incarnation
    this.#previousTick = previousTick
    this.#usual = this.#template(MESSAGE_TYPE.Record)
  }

  get previousTick(): string {
    return this.#previousTick
  }

  set previousTick(id: string) {
    this.#previousTick = id
    this.#renewTemplates()
  }

  /** How many bytes the stamp of a record of this type takes. A later one may take more or less. */
  bytesOf(type: number): number {
    return this.#templateOf(type).bytes.length
  }

  /**
   * Fills in the stamp of a record with the time tick at hand in `run`. Answers what `recordBytes` counts of it.
   * `lastConfirmed`: serialised id from which reading meets the records before it that belong to it; empty: there are none.
   */
  fill(record: RecordDraft, run: TimeTickRun, lastConfirmed: string): number {
    const { length } = run
    if (length !== this.#digits) {
      this.#digits = length
      this.#renewTemplates()
    }
    const template =
      lastConfirmed === '' ? this.#templateOf(record.type) : this.#template(record.type, lastConfirmed)
    const { bytes, digitsAt, textBytes } = template
    for (let i = 0; i < length; i++) bytes[digitsAt + i] = run.digits[i] as number
    if (record.gapEnd - record.gap !== bytes.length) record.widen(bytes.length)
    record.slab.set(bytes, record.gap)
    return record.vchannel === '' ? textBytes : textBytes + RESERVED.vchannel.length
  }

  /** The texts of a stamp, keys and values in turn. */
  texts(type: number, timeTick: string, lastConfirmed = ''): string[] {
    return [
      ...[RESERVED.version, VERSION],
      ...[RESERVED.type, String(type)],
      ...[RESERVED.term, this.#term],
      ...[RESERVED.incarnation, this.#incarnation],
      ...[RESERVED.timeTick, timeTick],
      ...(lastConfirmed === ''
        ? [RESERVED.lastConfirmedIsSelf, '']
        : [RESERVED.lastConfirmed, lastConfirmed]),
      ...[RESERVED.previousTick, this.#previousTick],
    ]
  }

  #templateOf(type: number): Template {
    if (type === MESSAGE_TYPE.Record) return this.#usual
    let template = this.#unusual.get(type)
    if (template === undefined) {
      template = this.#template(type)
      this.#unusual.set(type, template)
    }
    return template
  }

  #renewTemplates(): void {
    this.#unusual.clear()
    this.#usual = this.#template(MESSAGE_TYPE.Record)
  }

  #template(type: number, lastConfirmed = ''): Template {
    const texts = this.texts(type, '0'.repeat(this.#digits), lastConfirmed)
    const bytes = Buffer.allocUnsafe(textsBound(texts))
    // The digits follow the texts before them, and the one byte of their own length.
    const digitsAt = writeTexts(bytes, 0, texts.slice(0, DIGITS_AT)) + 1
    const end = writeTexts(bytes, 0, texts)
    const textBytes = texts.reduce((sum, text) => sum + utf8Length(text), 0)
    return { bytes: bytes.subarray(0, end), digitsAt, textBytes }
  }
}

/** The type of a record that this library stamped: found by its place, without comparing keys. */
export function typeOf(properties: PropertyList): number {
  const text = properties[TYPE_AT] as string
  return text === RECORD ? MESSAGE_TYPE.Record : Number(text)
}

export function vchannelOf(properties: PropertyList): string {
  return properties[STAMP_TEXTS] === RESERVED.vchannel ? (properties[STAMP_TEXTS + 1] as string) : ''
}

/** The serialised id from which a reader finds all that belongs to the record. Empty when that is the record itself. */
export function lastConfirmedOf(properties: PropertyList): string {
  return properties[LAST_CONFIRMED_AT] as string
}

export function previousTickOf(properties: PropertyList): string {
  return properties[PREVIOUS_TICK_AT] as string
}
