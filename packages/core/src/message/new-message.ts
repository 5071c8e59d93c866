import { types } from 'node:util'
import {
  checkPropertyMap,
  encodeUint64,
  invalidArgument,
  isWellFormed,
  MESSAGE_TYPE,
  messageTypeOf,
  RESERVED,
  type TimeTick,
  userPropertyList,
} from '@wal/walimpls'
import type { NewMessage } from '../api/wal.js'
import { ownBytes } from './own-bytes.js'
import type { CheckedMessage, RecordParts } from './record-arena.js'
import type { RecordDraft } from './record-draft.js'

const MAX_VCHANNEL_LENGTH = 1024

/**
 * Checks all of a message but its properties, which are checked when they are copied. `WAL_INVALID_ARGUMENT`. Reads each field
 * once: one with a getter may answer something else the next time, which nobody has checked.
 */
export function checkedMessage(message: NewMessage): CheckedMessage {
  if (typeof message !== 'object' || message === null)
    throw invalidArgument('A message must be an object with a payload', message)
  for (const name in message) if (!isField(name)) throw unknownField(name)
  const { payload, vchannel = '', properties, type = MESSAGE_TYPE.Record } = message
  // Not `instanceof`, which fails for bytes of another realm (a vm context, jsdom) and believes whatever has the prototype.
  if (!types.isUint8Array(payload))
    throw invalidArgument('The payload of a message must be a Uint8Array (or Buffer)', payload)
  if (typeof vchannel !== 'string' || vchannel.length > MAX_VCHANNEL_LENGTH || !isWellFormed(vchannel))
    throw invalidArgument(
      `The vchannel of a message must be well-formed text of at most ${MAX_VCHANNEL_LENGTH} characters`,
      vchannel,
    )
  if (type !== MESSAGE_TYPE.Record) checkType(type)
  if (properties !== undefined) checkPropertyMap(properties)
  return { payload, vchannel, properties, type }
}

/** The parts of a record for a message that is appended with `barrierTimeTick`: the record names the barrier. */
export function partsBehind(message: CheckedMessage, barrierTimeTick: TimeTick): RecordParts {
  const { payload, vchannel, properties } = message
  const list = properties === undefined ? [] : userPropertyList(properties)
  return {
    payload,
    vchannel,
    properties: [RESERVED.barrierTimeTick, encodeUint64(barrierTimeTick), ...list],
  }
}

/**
 * The message as interceptors get it: a delivered one has getters, which a spread would lose, and the caller's map may
 * change while an interceptor waits. The slab that the payload was taken into is not kept: it holds others that left long
 * ago, and an interceptor may wait for as long as it likes.
 */
export function plainMessage(
  { vchannel, properties, type }: NewMessage,
  { payload }: RecordDraft,
): NewMessage {
  return {
    payload: ownBytes(payload),
    ...(vchannel === undefined ? {} : { vchannel }),
    ...(properties === undefined ? {} : { properties: new Map(properties) }),
    ...(type === undefined ? {} : { type }),
  }
}

/** Names are compared here and not looked up in a set, since every message passes here with each of its fields. */
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

/** Unknown fields are refused: a misspelt one would otherwise be lost without notice. */
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
