import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** A request as it came over a connection, without its size. */
export interface Frame {
  readonly connection: ScriptedSocket
  readonly key: number
  readonly version: number
  readonly correlation: number
  readonly body: Buffer
}

/** A fake of a connected socket, for unit tests. It has no other side: whole requests go to a function. */
export class ScriptedSocket extends EventEmitter {
  destroyed = false
  #bytes: Buffer = Buffer.alloc(0)
  readonly #take: (frame: Frame) => void

  constructor(
    readonly ordinal: number,
    take: (frame: Frame) => void,
  ) {
    super()
    this.#take = take
  }

  get socket(): Socket {
    return this as unknown as Socket
  }

  cork(): void {}
  uncork(): void {}

  write(bytes: Buffer): boolean {
    if (this.destroyed) return false
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readInt32BE(0)
      if (this.#bytes.length < end) break
      const frame = this.#bytes.subarray(4, end)
      this.#bytes = this.#bytes.subarray(end)
      const clientId = frame.readInt16BE(8)
      this.#take({
        connection: this,
        key: frame.readInt16BE(0),
        version: frame.readInt16BE(2),
        correlation: frame.readInt32BE(4),
        body: frame.subarray(10 + clientId),
      })
    }
    return true
  }

  /** The other side sends bytes. */
  receive(bytes: Buffer): void {
    if (!this.destroyed) this.emit('data', bytes)
  }

  /** The other side ends the connection. */
  hangUp(): void {
    if (!this.destroyed) this.emit('end')
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    setImmediate(() => this.emit('close'))
  }
}
