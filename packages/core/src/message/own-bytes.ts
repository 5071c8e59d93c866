/** Bytes up to this size share memory with a few others, since memory of their own costs more than the copy. */
const LARGEST_SHARED = 1024
/** A shared piece of memory has room for so many copies of the largest size that it is for. */
const SHARING = 8
const EMPTY = Buffer.alloc(0)

interface Piece {
  bytes: Buffer
  used: number
}

/**
 * The shared pieces by the size of what they are for (64, 128, 256 … bytes), so that a small copy never keeps much larger
 * ones.
 */
const pieces: Piece[] = []

/**
 * Bytes that their receiver may keep. A view keeps all of the memory that it is a part of, which may be the megabyte
 * that was read from a file in one go, or a slab with a thousand other messages. So it is copied, unless it is most of that
 * memory. A copy keeps at most sixteen times its size, or the smallest piece of 512 bytes.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  return view.length * 2 < view.buffer.byteLength ? copyOf(view) : view
}

/** A copy that its receiver may keep, of bytes that others go on using. */
export function copyOf(view: Uint8Array): Uint8Array {
  const { length } = view
  if (length === 0) return EMPTY
  if (length > LARGEST_SHARED) {
    const copy = Buffer.allocUnsafeSlow(length)
    copy.set(view)
    return copy
  }
  const piece = pieceFor(length)
  const start = piece.used
  piece.used += length
  piece.bytes.set(view, start)
  return piece.bytes.subarray(start, piece.used)
}

/** The shared piece of memory for copies of this size, with room for one more. */
function pieceFor(length: number): Piece {
  // 0 for up to 64 bytes, 1 for up to 128, and so on.
  const size = 26 - Math.min(26, Math.clz32(length - 1))
  let piece = pieces[size]
  if (piece === undefined) {
    piece = { bytes: EMPTY, used: 0 }
    pieces[size] = piece
  }
  if (piece.used + length > piece.bytes.length) {
    piece.bytes = Buffer.allocUnsafeSlow(SHARING * (64 << size))
    piece.used = 0
  }
  return piece
}
