/** A field of protobuf: a number as an integer, text or bytes with their length in front. */
export type Field = readonly [number: number, content: number | boolean | string | Buffer]

/** The numbers of commands, which are also the numbers of their fields in `BaseCommand`. */
export const commands = {
  connect: 2,
  connected: 3,
  producer: 5,
  send: 6,
  sendReceipt: 7,
  sendError: 8,
  error: 14,
  producerSuccess: 17,
  ping: 18,
  pong: 19,
  lookup: 23,
  lookupResponse: 24,
  authChallenge: 36,
  authResponse: 37,
} as const

/** `BaseCommand { type, <command of this type>: fields }` with the two sizes in front, and behind it what follows a `SEND`. */
export function commandFrame(type: number, fields: readonly Field[], behind = Buffer.alloc(0)): Buffer {
  const command = message([
    [1, type],
    [type, message(fields)],
  ])
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(4 + command.length + behind.length, 0)
  sizes.writeUInt32BE(command.length, 4)
  return Buffer.concat([sizes, command, behind])
}

/** The bytes of a message of protobuf that has these fields. */
export function message(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, content]) => {
      if (typeof content === 'number' || typeof content === 'boolean')
        return [varint(number * 8), varint(Number(content))]
      const bytes = Buffer.from(content)
      return [varint(number * 8 + 2), varint(bytes.length), bytes]
    }),
  )
}

/** Protobuf writes integers seven bits at a time, the lowest first. A byte above 127 says that more follow. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** A broker's command: its type, and its fields by number. Fields of 8 or 4 bytes are left out. */
export interface Command {
  readonly type: number
  readonly fields: ReadonlyMap<number, number | Buffer>
}

/** Reads the first frame. Answers undefined while bytes are missing. */
export function readFrame(bytes: Buffer): { command: Command; rest: Buffer } | undefined {
  if (bytes.length < 8 || bytes.length < 4 + bytes.readUInt32BE(0)) return undefined
  const end = 4 + bytes.readUInt32BE(0)
  const base = readMessage(bytes.subarray(8, 8 + bytes.readUInt32BE(4)))
  const type = Number(base.get(1))
  const content = base.get(type)
  return {
    command: { type, fields: Buffer.isBuffer(content) ? readMessage(content) : new Map() },
    rest: bytes.subarray(end),
  }
}

/** The fields of a message by number. Of a repeated field only the last one is there. */
export function readMessage(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>()
  let at = 0
  const next = () => {
    for (let value = 0, factor = 1; ; factor *= 0x80) {
      const byte = bytes.readUInt8(at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = next()
    const wire = tag % 8
    if (wire === 0) fields.set(tag >>> 3, next())
    else if (wire === 2) {
      const length = next()
      fields.set(tag >>> 3, bytes.subarray(at, at + length))
      at += length
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4
    else throw new Error(`a field of protobuf has the unknown wire type ${wire}`)
  }
  return fields
}
