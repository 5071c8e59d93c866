import {
  encodeUint64,
  invalidArgument,
  isWellFormed,
  MESSAGE_TYPE,
  messageTypeOf,
  RESERVED,
  type TimeTick,
  userPropertyList,
  utf8Length,
} from '@wal/walimpls'
import { packedTextBytes } from '@wal/walimpls/helper'
import type { NewMessage } from '../api/wal.js'
import type { MessageArena } from './message-arena.js'
import { ownBytes } from './own-bytes.js'

const MAX_VCHANNEL_LENGTH = 1024
const NO_PROPERTIES: readonly string[] = []

/** A message, checked and taken over: the payload is a copy of ours. */
export class TakenMessage {
  /** Where the copy lies; the user's properties follow it, packed. */
  readonly slab: Buffer
  readonly start: number
  readonly payloadEnd: number
  readonly vchannel: string
  readonly type: number
  readonly properties: readonly string[]
  /** Payload, properties and vchannel in bytes, as `recordBytes` counts them; without the library's own. */
  readonly bytes: number

  /** `properties` are the user's, checked, or a time tick's own. */
  constructor(
    arena: MessageArena,
    payload: Uint8Array,
    vchannel: string,
    type: number,
    properties: readonly string[],
  ) {
    arena.copy(payload, properties)
    this.slab = arena.slab
    this.start = arena.start
    this.payloadEnd = arena.payloadEnd
    this.vchannel = vchannel
    this.type = type
    this.properties = properties
    // The texts are encoded by now, so their length is known without looking at them again.
    this.bytes =
      payload.length + utf8Length(vchannel) + packedTextBytes(arena.slab, arena.payloadEnd, arena.end)
  }

  /** A view of the copy. */
  get payload(): Uint8Array {
    return this.slab.subarray(this.start, this.payloadEnd)
  }
}

/** Checks everything that needs no I/O (`WAL_INVALID_ARGUMENT`) before anything is copied or queued; adds the barrier. */
export function takeMessage(
  arena: MessageArena,
  message: NewMessage,
  barrierTimeTick?: TimeTick,
): TakenMessage {
  if (typeof message !== 'object' || message === null)
    throw invalidArgument('A message must be an object with a payload', message)
  for (const name in message) if (!isField(name)) throw unknownField(name)
  const { payload, vchannel = '', properties, type = MESSAGE_TYPE.Record } = message
  if (!(payload instanceof Uint8Array) && !isForeignBytes(payload))
    throw invalidArgument('The payload of a message must be a Uint8Array (or Buffer)', payload)
  if (typeof vchannel !== 'string' || vchannel.length > MAX_VCHANNEL_LENGTH || !isWellFormed(vchannel))
    throw invalidArgument(
      `The vchannel of a message must be well-formed text of at most ${MAX_VCHANNEL_LENGTH} characters`,
      vchannel,
    )
  if (type !== MESSAGE_TYPE.Record) checkType(type)
  const list = properties === undefined ? NO_PROPERTIES : userPropertyList(properties)
  if (barrierTimeTick === undefined) return new TakenMessage(arena, payload, vchannel, type, list)
  const withBarrier = [RESERVED.barrierTimeTick, encodeUint64(barrierTimeTick), ...list]
  return new TakenMessage(arena, payload, vchannel, type, withBarrier)
}

/**
 * The message as interceptors get it: a delivered one has getters, which a spread would lose, and the caller's map may
 * change while an interceptor waits. The slab that the payload was taken into is not kept: it holds others that left long
 * ago, and an interceptor may wait for as long as it likes.
 */
export function plainMessage(
  { vchannel, properties, type }: NewMessage,
  { payload }: TakenMessage,
): NewMessage {
  return {
    payload: ownBytes(payload),
    ...(vchannel === undefined ? {} : { vchannel }),
    ...(properties === undefined ? {} : { properties: new Map(properties) }),
    ...(type === undefined ? {} : { type }),
  }
}

/** Compared, not looked up: every message passes here with each of its fields. */
function isField(name: string): boolean {
  switch (name) {
    case 'payload':
    case 'vchannel':
    case 'properties':
    case 'type':
    // The one field of a delivered message's own: it can be appended to another log as it is.
    case 'kind':
      return true
    default:
      return false
  }
}

/** A misspelt field would be lost in silence. */
function unknownField(name: string): Error {
  return invalidArgument(
    `A message has no field "${name}". Its fields are payload, vchannel, properties and type`,
  )
}

function checkType(type: unknown): asserts type is number {
  if (!Number.isInteger(type) || (type as number) < 1 || (type as number) >= 2 ** 31)
    throw invalidArgument('The type of a message must be an integer from 1 to 2^31 - 1', type)
  const flags = messageTypeOf(type as number)
  if (flags.system || flags.selfControlled)
    throw invalidArgument(
      `Messages of the type ${flags.name} are the library’s own: an application can't append them`,
      type,
    )
}

/** Bytes of another realm (a vm context, jsdom): `instanceof` fails there. */
function isForeignBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]'
}
