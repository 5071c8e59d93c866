import { corrupt } from '../errors/corrupt.js'
import { WalError } from '../errors/wal-error.js'
import { parseDecimal, parseSafeInt, parseUint64 } from './encoding.js'
import { MESSAGE_TYPE } from './message-type.js'
import { MESSAGE_FORMAT_VERSION, RESERVED } from './reserved-keys.js'
import type { TimeTick } from './time-tick.js'
import type { PropertyList } from './wire-message.js'

/**
 * The highest format version (`_v`) that this library reads. Milvus writes 1 and 2, which differ only in the message body, and
 * this library does not look into the body.
 */
export const HIGHEST_READABLE_VERSION = 2

/** The reserved properties of one record, decoded. Core decodes them once, when it reads the record. */
export interface Envelope {
  readonly version: number
  readonly type: number
  readonly timeTick: TimeTick
  readonly term: number
  /**
   * The incarnation of the record's writer. Empty when another system wrote the record: storage order need not be time-tick
   * order then.
   */
  readonly incarnation: string
  readonly opening: boolean
  /** The vchannel of the message. Empty when the message is for all vchannels of the log. */
  readonly vchannel: string
  /** The serialised last-confirmed message id. Empty when it is the record's own id. */
  readonly lastConfirmed: string
  /** The serialised id of the last record before this one that is nothing but a time tick; empty when there is none. */
  readonly previousTick: string
}

/**
 * Decodes the reserved properties of a record. Throws `WAL_CORRUPT` for a malformed value, and `WAL_SPEC_UNSUPPORTED` for a
 * format version above the highest known one. `place` says in the error where the record lies.
 */
export function readEnvelope(properties: PropertyList, place: () => string): Envelope {
  let version: string | undefined
  let type: string | undefined
  let timeTick: string | undefined
  let term: string | undefined
  let incarnation = ''
  let opening = false
  let vchannel = ''
  let lastConfirmed: string | undefined
  let previousTick = ''
  for (let i = 0; i < properties.length; i += 2) {
    const key = properties[i] as string
    if (key.charCodeAt(0) !== 0x5f) continue
    const value = properties[i + 1] as string
    switch (key) {
      case RESERVED.version:
        version = value
        break
      case RESERVED.type:
        type = value
        break
      case RESERVED.timeTick:
        timeTick = value
        break
      case RESERVED.term:
        term = value
        break
      case RESERVED.incarnation:
        incarnation = value
        break
      case RESERVED.opening:
        opening = true
        break
      case RESERVED.vchannel:
        vchannel = value
        break
      case RESERVED.lastConfirmed:
        if (lastConfirmed !== undefined) throw corrupt(place(), '_lc and _lcs exclude each other')
        lastConfirmed = value
        break
      case RESERVED.lastConfirmedIsSelf:
        if (lastConfirmed !== undefined) throw corrupt(place(), '_lc and _lcs exclude each other')
        lastConfirmed = ''
        break
      case RESERVED.previousTick:
        previousTick = value
        break
    }
  }
  const versionNumber = version === undefined ? undefined : parseDecimal(version)
  if (versionNumber === undefined) throw corrupt(place(), `the format version _v is ${shown(version)}`)
  if (versionNumber > HIGHEST_READABLE_VERSION)
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${place()}: message format version ${versionNumber}; this version of @wal reads up to ${HIGHEST_READABLE_VERSION} (it writes ${MESSAGE_FORMAT_VERSION}). Upgrade @wal/core and @wal/walimpls.`,
    )
  const tick = timeTick === undefined ? undefined : parseUint64(timeTick)
  if (tick === undefined) throw corrupt(place(), `the time tick _tt is ${shown(timeTick)}`)
  const typeNumber = type === undefined ? MESSAGE_TYPE.Unknown : parseDecimal(type)
  if (typeNumber === undefined) throw corrupt(place(), `the message type _t is ${shown(type)}`)
  const termNumber = term === undefined ? -1 : parseSafeInt(term)
  if (termNumber === undefined) throw corrupt(place(), `the term _wt is ${shown(term)}`)
  if (lastConfirmed === undefined)
    throw corrupt(
      place(),
      'it says neither in _lc nor in _lcs where a reader has to begin to read all that belongs to it',
    )
  return {
    version: versionNumber,
    type: typeNumber,
    timeTick: tick,
    term: termNumber,
    incarnation,
    opening,
    vchannel,
    lastConfirmed,
    previousTick,
  }
}

/** The value of one property, or undefined when the record does not have it. */
export function propertyOf(properties: PropertyList, key: string): string | undefined {
  for (let i = 0; i < properties.length; i += 2) if (properties[i] === key) return properties[i + 1]
  return undefined
}

function shown(text: string | undefined): string {
  return text === undefined ? 'missing' : `malformed: ${JSON.stringify(text.slice(0, 40))}`
}
