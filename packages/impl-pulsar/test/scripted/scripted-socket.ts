import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import {
  type Answer,
  type AnswerName,
  answers,
  type Request,
  type RequestName,
  requests,
} from '../../src/wire/commands.js'
import { type Fields, readFields, writeFields } from '../../src/wire/fields.js'

/** A command as a client sent it. */
export type Sent = {
  [N in RequestName]: { readonly name: N; readonly value: Request<N>; readonly behind: Buffer }
}[RequestName]

/** A fake of a connected socket, for unit tests. It has no other side: whole commands go to a function. */
export class ScriptedSocket extends EventEmitter {
  destroyed = false
  /** How many calls of `write` there were. */
  writes = 0
  #bytes: Buffer = Buffer.alloc(0)
  readonly #take: (sent: Sent) => void

  constructor(
    readonly ordinal: number,
    take: (sent: Sent, socket: ScriptedSocket) => void,
  ) {
    super()
    this.#take = (sent) => take(sent, this)
  }

  get socket(): Socket {
    return this as unknown as Socket
  }

  cork(): void {}
  uncork(): void {}

  write(bytes: Uint8Array): boolean {
    if (this.destroyed) return false
    this.writes++
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readUInt32BE(0)
      if (this.#bytes.length < end) break
      const frame = this.#bytes.subarray(4, end)
      this.#bytes = this.#bytes.subarray(end)
      this.#take(decoded(frame))
    }
    return true
  }

  /** The broker sends a command. */
  answer<N extends AnswerName>(name: N, value: Answer<N>, behind: Uint8Array = new Uint8Array(0)): void {
    this.receive(answerFrame(name, value, behind))
  }

  receive(bytes: Buffer): void {
    if (!this.destroyed) this.emit('data', bytes)
  }

  /** The broker closes the connection. */
  hangUp(): void {
    if (!this.destroyed) this.emit('end')
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    setImmediate(() => this.emit('close'))
  }
}

/** The bytes of a broker's command. */
export function answerFrame<N extends AnswerName>(
  name: N,
  value: Answer<N>,
  behind: Uint8Array = new Uint8Array(0),
): Buffer {
  const { type, fields } = answers[name]
  const to = new BinaryWriter().tag(1, WireType.Varint).int32(type)
  to.tag(type, WireType.LengthDelimited).fork()
  writeFields(to, fields as Fields, value as never)
  return framed(to.join().finish(), behind)
}

/** A frame with these bytes as its command. */
export function framed(command: Uint8Array, behind: Uint8Array = new Uint8Array(0)): Buffer {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(4 + command.length + behind.length, 0)
  sizes.writeUInt32BE(command.length, 4)
  return Buffer.concat([sizes, command, behind])
}

const namesByType = new Map(Object.entries(requests).map(([name, { type }]) => [type as number, name]))

function decoded(frame: Buffer): Sent {
  const end = 4 + frame.readUInt32BE(0)
  const reader = new BinaryReader(frame.subarray(4, end))
  reader.tag()
  const type = reader.int32()
  const [number] = reader.tag()
  const name = namesByType.get(type) as RequestName | undefined
  if (name === undefined || number !== type) throw new Error(`a client sent a command of type ${type}`)
  const value = readFields(reader.bytes(), requests[name].fields as Fields)
  return { name, value, behind: frame.subarray(end) } as unknown as Sent
}
