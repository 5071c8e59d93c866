import { constants, inflateSync } from 'node:zlib'

/**
 * Decompresses a zlib stream, also one that lacks its last block, as Pulsar's Java client writes it: the caller compares the size
 * with the one that it expects. Throws some error for anything else, and when there are more than `maxBytes`.
 */
export function decompressZlib(bytes: Buffer, maxBytes: number): Buffer {
  // Node refuses a limit of nothing.
  return inflateSync(bytes, { maxOutputLength: Math.max(1, maxBytes), finishFlush: constants.Z_SYNC_FLUSH })
}
