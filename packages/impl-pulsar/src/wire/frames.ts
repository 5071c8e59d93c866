import { decodeCommand, encodeCommand, type Received, type Request, type RequestName } from './commands.js'
import { MalformedFrame } from './malformed-frame.js'

/** In front of each frame: its size. */
export const SIZE_BYTES = 4
/** In front of headers and payload: a mark and the check sum of what follows. */
export const CHECKED_BYTES = 6
/** What a broker's frame may have beside the largest message: the command, and what the broker stored with the entry. */
export const FRAME_OVERHEAD = 64 * 1024

const CHECKED_MARK = 0x0e01
const BROKER_METADATA_MARK = 0x0e02
/** An entry up to this size is copied into one buffer with its command. Several writes cost more than this copy. */
const ONE_PIECE = 16 * 1024

/** A frame with a command and nothing behind it. */
export function commandFrame<N extends RequestName>(name: N, value: Request<N>): Buffer {
  const command = encodeCommand(name, value)
  const frame = Buffer.allocUnsafe(2 * SIZE_BYTES + command.length)
  frame.writeUInt32BE(SIZE_BYTES + command.length, 0)
  frame.writeUInt32BE(command.length, SIZE_BYTES)
  frame.set(command, 2 * SIZE_BYTES)
  return frame
}

/** What stands behind the command of a `send`: the pieces of headers and payload, and their check sum. */
export interface SentEntry {
  readonly pieces: readonly Uint8Array[]
  readonly checkSum: number
}

/** The frame of a `send`, in one piece when it is small. */
export function sendFrame(send: Request<'send'>, { pieces, checkSum }: SentEntry): readonly Uint8Array[] {
  const command = encodeCommand('send', send)
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const head = 2 * SIZE_BYTES + command.length + CHECKED_BYTES
  const whole = length <= ONE_PIECE
  const frame = Buffer.allocUnsafe(whole ? head + length : head)
  frame.writeUInt32BE(head - SIZE_BYTES + length, 0)
  frame.writeUInt32BE(command.length, SIZE_BYTES)
  frame.set(command, 2 * SIZE_BYTES)
  frame.writeUInt16BE(CHECKED_MARK, head - CHECKED_BYTES)
  frame.writeUInt32BE(checkSum, head - CHECKED_BYTES + 2)
  if (!whole) return [frame, ...pieces]
  let at = head
  for (const piece of pieces) {
    frame.set(piece, at)
    at += piece.length
  }
  return [frame]
}

/** Reads a frame without its size. `behind` is what follows the command. */
export function readFrame(frame: Buffer): { received: Received | undefined; behind: Buffer } {
  if (frame.length < SIZE_BYTES) throw new MalformedFrame(`a frame has ${frame.length} bytes`)
  const end = SIZE_BYTES + frame.readUInt32BE(0)
  if (end > frame.length)
    throw new MalformedFrame(`a command ends at byte ${end} of a frame of ${frame.length} bytes`)
  return { received: decodeCommand(frame.subarray(SIZE_BYTES, end)), behind: frame.subarray(end) }
}

/** An entry as a broker sends it. */
export interface ReceivedBytes {
  readonly headersAndPayload: Buffer
  /** The check sum that was sent with them; undefined when an old producer sent none. */
  readonly checkSum: number | undefined
}

/** Splits what stands behind the command of a `message`. What the broker stored with the entry is left out. */
export function readEntry(behind: Buffer): ReceivedBytes {
  let at = 0
  const marked = (mark: number) => behind.length >= at + 2 && behind.readUInt16BE(at) === mark
  if (marked(BROKER_METADATA_MARK)) {
    if (behind.length < 6) throw new MalformedFrame('the metadata of the broker is cut off')
    at = 6 + behind.readUInt32BE(2)
    if (at > behind.length) throw new MalformedFrame('the metadata of the broker is larger than its frame')
  }
  if (!marked(CHECKED_MARK)) return { headersAndPayload: behind.subarray(at), checkSum: undefined }
  if (behind.length < at + CHECKED_BYTES) throw new MalformedFrame('a check sum is cut off')
  return {
    headersAndPayload: behind.subarray(at + CHECKED_BYTES),
    checkSum: behind.readUInt32BE(at + 2),
  }
}
