import { invalidArgument } from '../errors/invalid-argument.js'

/** How the library treats messages of a type. */
export interface MessageTypeFlags {
  /** Takes part in ordering and transactions: never removed by a type filter, never appended by users directly. */
  readonly system?: boolean
  /** Produced by the WAL itself; refused when replicated. */
  readonly selfControlled?: boolean
  /** Excludes every other append of its vchannel (or of the pchannel) while it is appended. */
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

/** Applications number their own types from here on, below 2^31. Everything lower is Milvus' or ours. */
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
 * The types that applications registered, in whichever copy of this package: a Map of the module's own would be another one
 * in its ESM and in its CJS build.
 */
function registeredTypes(): Map<number, MessageType> {
  const holder = globalThis as { [key]?: Map<number, MessageType> }
  if (holder[key] === undefined) Object.defineProperty(globalThis, key, { value: new Map() })
  return holder[key] as unknown as Map<number, MessageType>
}

const builtIn = new Map(BUILT_IN.map((type) => [type.number, type]))

/**
 * Makes an application's own type known to this process, for `append` and for its flags. The same registration again
 * is a no-op; a different one under the same number or name is refused.
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

/** The type behind a number; one that nobody registered has no flags and `Type<number>` as its name. */
export function messageTypeOf(number: number): MessageType {
  return builtIn.get(number) ?? registeredTypes().get(number) ?? { number, name: `Type${number}` }
}

function named(names: readonly string[], first: number, flags: MessageTypeFlags): MessageType[] {
  return names.map((name, i) => ({ number: first + i, name, ...flags }))
}

const FLAGS = ['system', 'selfControlled', 'exclusive'] as const

/** Whatever the order of the keys; a flag left out is a flag that is false. */
function isSame(one: MessageType, other: MessageType): boolean {
  return (
    one.number === other.number &&
    one.name === other.name &&
    FLAGS.every((flag) => (one[flag] ?? false) === (other[flag] ?? false))
  )
}
