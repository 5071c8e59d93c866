import { inflateSync } from 'node:zlib'

/** Decompresses a zlib stream. Throws some error for anything else, and when there are more than `maxBytes`. */
export function decompressZlib(bytes: Buffer, maxBytes: number): Buffer {
  return inflateSync(bytes, { maxOutputLength: maxBytes })
}
