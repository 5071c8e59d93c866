import { BinaryReader, type BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { MalformedFrame } from './malformed-frame.js'

/** A `long` has 64 bits in the protocol; it is a number here, since no value that we use is larger than 2^53. */
type Kind = 'long' | 'int' | 'boolean' | 'text' | 'bytes' | Fields

interface Field {
  readonly number: number
  readonly kind: Kind
  readonly presence: 'required' | 'optional' | 'repeated'
}

/** The fields of a message of protobuf that we use, by our names. Fields that are not named are skipped when reading. */
export interface Fields {
  readonly [name: string]: Field
}

type Scalar<K, Long> = K extends 'long'
  ? Long
  : K extends 'int'
    ? number
    : K extends 'boolean'
      ? boolean
      : K extends 'text'
        ? string
        : K extends 'bytes'
          ? Uint8Array
          : K extends Fields
            ? Shape<K, Long>
            : never

type NamesOf<F extends Fields, P extends Field['presence']> = {
  [N in keyof F]: F[N]['presence'] extends P ? N : never
}[keyof F]

type Shape<F extends Fields, Long> = {
  readonly [N in NamesOf<F, 'required'>]: Scalar<F[N]['kind'], Long>
} & {
  readonly [N in NamesOf<F, 'optional'>]?: Scalar<F[N]['kind'], Long> | undefined
} & {
  readonly [N in NamesOf<F, 'repeated'>]: readonly Scalar<F[N]['kind'], Long>[]
}

/** A message as it is read. */
export type Message<F extends Fields> = Shape<F, number>
/** A message to be written. The protocol’s “latest” position is above every number, so a `long` may be a bigint. */
export type Writable<F extends Fields> = Shape<F, number | bigint>

const required = <K extends Kind>(number: number, kind: K) =>
  ({ number, kind, presence: 'required' }) as const

export const long = (number: number) => required(number, 'long')
export const int = (number: number) => required(number, 'int')
export const boolean = (number: number) => required(number, 'boolean')
export const text = (number: number) => required(number, 'text')
export const bytes = (number: number) => required(number, 'bytes')
export const message = <F extends Fields>(number: number, fields: F) => required(number, fields)

export function optional<K extends Kind>({ number, kind }: { readonly number: number; readonly kind: K }) {
  return { number, kind, presence: 'optional' } as const
}

export function repeated<K extends Kind>({ number, kind }: { readonly number: number; readonly kind: K }) {
  return { number, kind, presence: 'repeated' } as const
}

/** Writes the fields that have a value. */
export function writeFields<F extends Fields>(to: BinaryWriter, fields: F, value: Writable<F>): BinaryWriter {
  for (const name in fields) {
    const { number, kind, presence } = fields[name] as Field
    const content = (value as Record<string, unknown>)[name]
    if (content === undefined) continue
    if (presence === 'repeated') for (const one of content as unknown[]) write(to, { number, kind }, one)
    else write(to, { number, kind }, content)
  }
  return to
}

function write(to: BinaryWriter, { number, kind }: Pick<Field, 'number' | 'kind'>, content: unknown): void {
  if (typeof kind === 'object') {
    to.tag(number, WireType.LengthDelimited).fork()
    writeFields(to, kind, content as never)
    to.join()
  } else if (kind === 'long') to.tag(number, WireType.Varint).int64(content as number | bigint)
  else if (kind === 'int') to.tag(number, WireType.Varint).int32(content as number)
  else if (kind === 'boolean') to.tag(number, WireType.Varint).bool(content as boolean)
  else if (kind === 'text') to.tag(number, WireType.LengthDelimited).string(content as string)
  else to.tag(number, WireType.LengthDelimited).bytes(content as Uint8Array)
}

/** The named fields by their numbers, made once for each description. */
const byNumber = new WeakMap<Fields, ReadonlyMap<number, readonly [name: string, field: Field]>>()

function numbered(fields: Fields): ReadonlyMap<number, readonly [name: string, field: Field]> {
  let map = byNumber.get(fields)
  if (map === undefined) {
    map = new Map(Object.entries(fields).map(([name, field]) => [field.number, [name, field]]))
    byNumber.set(fields, map)
  }
  return map
}

/** Reads a message. Throws a `MalformedFrame`, or an error of the library, when it is none, or lacks a required field. */
export function readFields<F extends Fields>(from: Uint8Array, fields: F): Message<F> {
  const value: Record<string, unknown> = {}
  const known = numbered(fields)
  for (const [name, { presence }] of known.values()) if (presence === 'repeated') value[name] = []
  const reader = new BinaryReader(from)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const found = known.get(number)
    if (found === undefined) {
      reader.skip(wire, number)
      continue
    }
    const [name, { kind, presence }] = found
    const scalar = kind === 'long' || kind === 'int' || kind === 'boolean'
    if (wire !== (scalar ? WireType.Varint : WireType.LengthDelimited))
      throw new MalformedFrame(`the field "${name}" has the wire type ${wire}`)
    const content = read(reader, kind)
    if (presence === 'repeated') (value[name] as unknown[]).push(content)
    else value[name] = content
  }
  for (const [name, { presence }] of known.values())
    if (presence === 'required' && value[name] === undefined)
      throw new MalformedFrame(`the field "${name}" is missing`)
  return value as Message<F>
}

function read(reader: BinaryReader, kind: Kind): unknown {
  if (typeof kind === 'object') return readFields(reader.bytes(), kind)
  if (kind === 'long') return safeNumber(reader.int64())
  if (kind === 'int') return reader.int32()
  if (kind === 'boolean') return reader.bool()
  if (kind === 'text') return reader.string()
  return reader.bytes()
}

/** Unsigned values above 2^63 come out below 0: Pulsar sends −1 in fields that are unsigned by its description. */
function safeNumber(value: bigint | string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new MalformedFrame(`a number of 64 bits is too large: ${value}`)
  return number
}
