import { corrupt, type File, type FileSystem } from '@wal/walimpls'
import {
  anyFrameHeader,
  bodyIntact,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  identityOf,
  readFrameHeader,
} from './frame.js'
import { type SegmentName, segmentPath } from './layout.js'
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js'

/** A run of whole, verified frames, read in one go. */
export interface Chunk {
  readonly bytes: Buffer
  /** Offset in the segment of `bytes[0]`. */
  readonly start: number
  readonly frames: readonly FrameHeader[]
  /** Offset behind the last of the frames. */
  readonly end: number
  /** Whether frames may follow at `end` that this read was merely too short for. */
  readonly more: boolean
  /** Size of the file. When it is more than `end`, and `more` is false, the bytes between are no frame, or not yet. */
  readonly size: number
}

export const CHUNK_BYTES = 1024 * 1024

/** Reads one segment, verifying all that it gives out. Any number of them may read a file that is being written. */
export class SegmentReader {
  readonly path: string
  readonly #identity: number

  readonly #file: File

  private constructor(
    readonly name: SegmentName,
    file: File,
    /** The identity of the file that lay at the path after it was opened; undefined when it was gone by then. */
    readonly fileIdentity: string | undefined,
  ) {
    this.#file = file
    this.path = file.path
    this.#identity = identityOf(name.file)
  }

  static async open(files: FileSystem, directory: string, name: SegmentName): Promise<SegmentReader> {
    const path = segmentPath(directory, name)
    const file = await files.open(path, 'read')
    return new SegmentReader(name, file, files.lookNow(path)?.identity)
  }

  /** The header of the segment. Undefined when there is no intact one, or not yet. */
  async header(): Promise<SegmentHeader | undefined> {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    const read = await this.#file.read(bytes, 0)
    return decodeSegmentHeader(bytes.subarray(0, read), this.name)
  }

  /** The frames from `position`, at least one if there is a whole one, not past `limit`; about `chunkBytes` of them. */
  async read(position: number, limit?: number, chunkBytes = CHUNK_BYTES): Promise<Chunk> {
    const size = limit ?? (await this.#file.size())
    let chunk = await this.#readChunk(position, size, chunkBytes)
    // The frame may be larger than a chunk: then its header says how much to read.
    const header = chunk.frames.length === 0 && chunk.more ? this.#headerIn(chunk) : undefined
    if (header !== undefined) chunk = await this.#readChunk(position, size, header.end - header.start)
    return chunk
  }

  /** Whether an intact frame header starts in the file behind `position`: then what is at `position` is damage. */
  async anyFrameBehind(position: number): Promise<boolean> {
    const size = await this.#file.size()
    const step = CHUNK_BYTES
    for (let at = position + 8; at < size; at += step) {
      const bytes = Buffer.allocUnsafe(Math.min(step + FRAME_HEADER_BYTES, size - at))
      const read = await this.#file.read(bytes, at)
      if (anyFrameHeader(bytes.subarray(0, read), this.#identity, at)) return true
    }
    return false
  }

  /** Whether anything but zeros lies in the file from `position` on. */
  async anyBytesBehind(position: number): Promise<boolean> {
    const size = await this.#file.size()
    for (let at = position; at < size; at += CHUNK_BYTES) {
      const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at))
      const read = await this.#file.read(bytes, at)
      if (bytes.subarray(0, read).some((byte) => byte !== 0)) return true
    }
    return false
  }

  /**
   * To be called when there is no whole frame at `position`: throws `WAL_CORRUPT` if there is one behind. The order of
   * the two looks matters while a writer is at work: a frame is begun when the one before it is durable, so once a later
   * one was seen, the one at `position` must be readable.
   */
  async assertNotDamaged(position: number): Promise<void> {
    if (!(await this.anyFrameBehind(position))) return
    const again = await this.read(position)
    if (again.frames.length > 0) return
    throw corrupt(
      `${this.path}, offset ${position}`,
      'the frame that should begin here is damaged or missing, though intact frames follow',
    )
  }

  /** Makes durable everything that was read of this file. */
  sync(): Promise<void> {
    return this.#file.sync()
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #readChunk(position: number, size: number, want: number): Promise<Chunk> {
    const wanted = Math.max(0, Math.min(want, size - position))
    const whole = Buffer.allocUnsafeSlow(wanted)
    const read = wanted === 0 ? 0 : await this.#file.read(whole, position)
    const bytes = read === wanted ? whole : whole.subarray(0, read)
    const frames: FrameHeader[] = []
    let at = 0
    let more = false
    for (;;) {
      if (at + FRAME_HEADER_BYTES > bytes.length) {
        more = read === wanted && position + read < size
        break
      }
      const header = readFrameHeader(bytes, at, { identity: this.#identity, offset: position + at })
      if (header === undefined || header.end > size) break
      if (header.end > position + bytes.length) {
        more = read === wanted
        break
      }
      if (!bodyIntact(bytes, at, header)) break
      frames.push(header)
      at += header.end - header.start
    }
    return { bytes, start: position, frames, end: position + at, more, size }
  }

  #headerIn(chunk: Chunk): FrameHeader | undefined {
    return readFrameHeader(chunk.bytes, 0, { identity: this.#identity, offset: chunk.start })
  }
}
