import { gunzipSync } from 'node:zlib'
import { corrupt, WalError } from '@wal/walimpls'
import { decompressLz4, decompressSnappy, decompressZstd, textOf } from '@wal/walimpls/helper'
import { GZIP, LZ4, SNAPPY, ZSTD } from './codecs.js'

type Decompress = (bytes: Buffer, maxBytes: number) => Buffer

const CODECS: Readonly<Record<number, readonly [name: string, decompress: Decompress]>> = {
  [GZIP]: ['gzip', (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes })],
  [SNAPPY]: ['snappy', decompressSnappy],
  [LZ4]: ['lz4', decompressLz4],
  [ZSTD]: ['zstd', decompressZstd],
}

export interface CompressedRecords {
  /** The number of the codec in the batch's attributes. */
  readonly codec: number
  /** The most bytes that there may be when decompressed. */
  readonly maxBytes: number
  /** The topic, and the offset of the batch, for errors. */
  readonly topic: string
  readonly offset: number
}

/**
 * Decompresses the records of a batch, on the event loop. Throws `WAL_CORRUPT` for bytes that the codec cannot have made, and
 * when there are more than `maxBytes`; `WAL_SPEC_UNSUPPORTED` for a codec that this package does not know.
 */
export function decompress(bytes: Buffer, { codec, maxBytes, topic, offset }: CompressedRecords): Buffer {
  const known = CODECS[codec]
  const place = `topic "${topic}", offset ${offset}`
  if (known === undefined)
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${place}: the batch is compressed with codec ${codec}, which this package does not know. It reads gzip (1), snappy (2), lz4 (3) and zstd (4).`,
    )
  const [name, run] = known
  try {
    return run(bytes, maxBytes)
  } catch (error) {
    throw corrupt(place, `the batch can't be decompressed with ${name}: ${textOf(error)}`, error)
  }
}
