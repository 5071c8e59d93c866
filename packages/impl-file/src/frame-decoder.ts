import { corrupt, type StoredMessage } from '@wal/walimpls'
import { type NumberId, readProperties } from '@wal/walimpls/helper'
import { FRAME_HEADER_BYTES } from './frame.js'
import type { FoundFrame } from './log-reader.js'
import { messageIds } from './message-id.js'

/** Decodes one verified frame, record by record, so that a large one can be given out in parts. */
export class FrameDecoder {
  #at: number
  readonly #end: number
  #id: number
  readonly #behind: number
  #previous: readonly string[] = []

  readonly #bytes: Buffer
  readonly #file: string

  /** Records whose id is below `from` are left out. */
  constructor({ bytes, at, header, place }: FoundFrame, from: number) {
    this.#bytes = bytes
    this.#file = place
    this.#at = at + FRAME_HEADER_BYTES
    this.#end = this.#at + header.bodyBytes
    this.#id = header.firstId
    this.#behind = header.firstId + header.count
    while (this.#id < from && this.#id < this.#behind) this.#record()
  }

  get done(): boolean {
    return this.#id === this.#behind
  }

  /** Appends records to `into` until about `maxBytes` of the segment are used up. Answers how many bytes it used. */
  decode(into: StoredMessage<NumberId>[], maxBytes: number): number {
    const begin = this.#at
    while (!this.done && this.#at - begin < maxBytes) into.push(this.#record())
    if (this.done && this.#at !== this.#end)
      throw corrupt(this.#file, `record ${this.#id - 1} does not end where its frame does`)
    return this.#at - begin
  }

  #record(): StoredMessage<NumberId> {
    const bytes = this.#bytes
    const start = this.#at + 4
    const payloadEnd = start + (start <= this.#end ? bytes.readUInt32LE(this.#at) : 0)
    // The check sum has passed, so this is a defect of the program that wrote the frame; never read on into the next one.
    if (start > this.#end || payloadEnd > this.#end)
      throw corrupt(this.#file, `record ${this.#id} passes the end of its frame`)
    const { properties, end } = readProperties(bytes, payloadEnd, this.#previous)
    this.#previous = properties
    this.#at = end
    return { id: messageIds.of(this.#id++), payload: bytes.subarray(start, payloadEnd), properties }
  }
}
