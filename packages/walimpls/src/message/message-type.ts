import { invalidArgument } from '../errors/invalid-argument.js'

/** How the library treats messages of a type. */
export interface MessageTypeFlags {
  /** Messages of this type serve ordering and transactions. No type filter removes them, and users cannot append them. */
  readonly system?: boolean
  /**
   * Only the WAL itself makes messages of this type. They are refused when messages of another log are replicated into this
   * one.
   */
  readonly selfControlled?: boolean
  /**
   * While a message of this type is being appended, no other append of its vchannel (or of the whole pchannel) is in progress.
   */
  readonly exclusive?: boolean
}

export interface MessageType extends MessageTypeFlags {
  readonly number: number
  readonly name: string
}

/**
 * Numbers of the message types that the library itself writes or tells apart. `Record` is what `append` writes when no type
 * is named; a record that names no type is read as `Unknown`.
 */
export const MESSAGE_TYPE = {
  Unknown: 0,
  TimeTick: 1,
  Record: 1000,
} as const

/**
 * The lowest number that applications may give to a message type of their own; the highest is 2^31 − 1. Lower numbers belong to
 * Milvus and this library.
 */
export const FIRST_APPLICATION_TYPE = 1001

const BUILT_IN: readonly MessageType[] = [
  { number: 1, name: 'TimeTick', system: true, selfControlled: true },
  { number: 2, name: 'Insert' },
  { number: 3, name: 'Delete' },
  { number: 4, name: 'Flush', selfControlled: true },
  ...named(['CreateCollection', 'DropCollection', 'CreatePartition', 'DropPartition', 'ManualFlush'], 5, {
    exclusive: true,
  }),
  { number: 10, name: 'CreateSegment', selfControlled: true },
  { number: 11, name: 'Import' },
  { number: 12, name: 'SchemaChange', exclusive: true },
  { number: 13, name: 'AlterCollection', exclusive: true },
  { number: 37, name: 'FlushAll', exclusive: true },
  { number: 38, name: 'TruncateCollection', exclusive: true },
  { number: 700, name: 'AlterWAL', exclusive: true },
  { number: 800, name: 'AlterReplicateConfig', exclusive: true },
  { number: 900, name: 'BeginTxn', system: true },
  { number: 901, name: 'CommitTxn', system: true },
  { number: 902, name: 'RollbackTxn', system: true },
  { number: 999, name: 'Txn', system: true },
  { number: MESSAGE_TYPE.Record, name: 'Record' },
]

const key = Symbol.for('@wal/walimpls/message-types')

/**
 * The types that applications registered, shared by all copies of this package in the process. A Map in this module would exist
 * twice, once in the ESM build and once in the CommonJS build.
 */
function registeredTypes(): Map<number, MessageType> {
  const holder = globalThis as { [key]?: Map<number, MessageType> }
  if (holder[key] === undefined) Object.defineProperty(globalThis, key, { value: new Map() })
  return holder[key] as unknown as Map<number, MessageType>
}

const builtIn = new Map(BUILT_IN.map((type) => [type.number, type]))

/**
 * Registers a message type of an application, with its flags, so that `append` accepts the type. Registering the same type
 * again does nothing; another type with the same number or name is refused.
 */
export function registerMessageType(type: MessageType): void {
  if (!Number.isInteger(type.number) || type.number < FIRST_APPLICATION_TYPE || type.number >= 2 ** 31)
    throw invalidArgument(
      `The number of a message type must be an integer from ${FIRST_APPLICATION_TYPE} to 2^31 - 1`,
      type.number,
    )
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(type.name))
    throw invalidArgument('The name of a message type must have letters and digits only', type.name)
  if (type.system || type.selfControlled)
    throw invalidArgument(
      `Message type ${type.name} can't be system or selfControlled: such types are the library’s`,
    )
  const known = registeredTypes()
  for (const other of [...builtIn.values(), ...known.values()]) {
    if ((other.number === type.number || other.name === type.name) && !isSame(other, type))
      throw invalidArgument(
        `Message type ${type.name} (${type.number}) differs from the registered ${other.name} (${other.number}): a name and a number mean one type`,
      )
  }
  known.set(type.number, { ...type })
}

/** The type with this number. A number that nobody registered gives a type without flags, named `Type<number>`. */
export function messageTypeOf(number: number): MessageType {
  return builtIn.get(number) ?? registeredTypes().get(number) ?? { number, name: `Type${number}` }
}

function named(names: readonly string[], first: number, flags: MessageTypeFlags): MessageType[] {
  return names.map((name, i) => ({ number: first + i, name, ...flags }))
}

const FLAGS = ['system', 'selfControlled', 'exclusive'] as const

/** Whether two types are equal. The order of keys does not matter, and a missing flag equals a flag that is false. */
function isSame(one: MessageType, other: MessageType): boolean {
  return (
    one.number === other.number &&
    one.name === other.name &&
    FLAGS.every((flag) => (one[flag] ?? false) === (other[flag] ?? false))
  )
}
