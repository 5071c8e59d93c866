import { invalidArgument, isWellFormed, MESSAGE_TYPE, messageTypeOf, userPropertyList } from '@wal/walimpls'
import type { NewMessage } from '../wal.js'
import { payloadArena } from './payload-arena.js'

const MAX_VCHANNEL_LENGTH = 1024
const NO_PROPERTIES: readonly string[] = []

/** A user's message, checked and taken over: the payload is a copy of ours. */
export interface TakenMessage {
  readonly payload: Uint8Array
  readonly vchannel: string
  readonly type: number
  readonly properties: readonly string[]
  /** Payload and properties, without the library's own. */
  readonly bytes: number
}

/** Checks everything that needs no I/O (`WAL_INVALID_ARGUMENT`) before anything is copied or queued. */
export function takeMessage(message: NewMessage): TakenMessage {
  if (typeof message !== 'object' || message === null)
    throw invalidArgument('a message', 'an object', message)
  const { payload, vchannel = '', properties, type = MESSAGE_TYPE.Record } = message
  if (!(payload instanceof Uint8Array) && !isForeignBytes(payload))
    throw invalidArgument('payload', 'a Uint8Array (or Buffer)', payload)
  if (typeof vchannel !== 'string' || vchannel.length > MAX_VCHANNEL_LENGTH || !isWellFormed(vchannel))
    throw invalidArgument(
      'vchannel',
      `well-formed text of at most ${MAX_VCHANNEL_LENGTH} characters`,
      vchannel,
    )
  if (type !== MESSAGE_TYPE.Record) checkType(type)
  const list = properties === undefined ? NO_PROPERTIES : userPropertyList(properties)
  let bytes = payload.length + vchannel.length
  for (let i = 0; i < list.length; i++) bytes += (list[i] as string).length
  return { payload: payloadArena.copy(payload), vchannel, type, properties: list, bytes }
}

function checkType(type: unknown): asserts type is number {
  if (!Number.isInteger(type) || (type as number) < 1 || (type as number) >= 2 ** 31)
    throw invalidArgument('type', 'the number of a message type', type)
  const flags = messageTypeOf(type as number)
  if (flags.system || flags.selfControlled)
    throw invalidArgument('type', `a type that applications may append, not ${flags.name}`, type)
}

/** Bytes of another realm (a vm context, jsdom): `instanceof` fails there. */
function isForeignBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]'
}
