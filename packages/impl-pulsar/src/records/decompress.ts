import {
  decompressLz4Block,
  decompressSnappyBlock,
  decompressZlib,
  decompressZstd,
  textOf,
} from '@wal/walimpls/helper'
import { Damage } from './damage.js'
import type { EntryMetadata } from './entry-metadata.js'

/** The most bytes that the payload of one entry may take when it is decompressed. */
export const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

type Decompress = (bytes: Buffer, maxBytes: number) => Buffer

/** Pulsar's `CompressionType`, by its number. */
const CODECS: Readonly<Record<number, readonly [name: string, decompress: Decompress]>> = {
  1: ['LZ4', decompressLz4Block],
  2: ['ZLIB', decompressZlib],
  3: ['ZSTD', decompressZstd],
  4: ['SNAPPY', decompressSnappyBlock],
}

/** Whether the compression with this number is known. 0 is none. */
export function isKnownCompression(compression: number): boolean {
  return compression === 0 || CODECS[compression] !== undefined
}

/** Decompresses the payload of an entry, on the event loop. Throws `Damage` also when it has another size than the metadata say. */
export function decompress(payload: Buffer, { compression, uncompressedSize }: EntryMetadata): Buffer {
  const codec = CODECS[compression]
  if (codec === undefined) return payload
  const [name, run] = codec
  if (uncompressedSize > MAX_DECOMPRESSED_BYTES)
    throw new Damage(
      `its payload has ${uncompressedSize} bytes decompressed; this package decompresses ${MAX_DECOMPRESSED_BYTES} at most`,
    )
  const bytes = runCodec(() => run(payload, uncompressedSize), name)
  if (bytes.length !== uncompressedSize)
    throw new Damage(
      `its payload has ${bytes.length} bytes decompressed, and the metadata say ${uncompressedSize}`,
    )
  return bytes
}

function runCodec(run: () => Buffer, name: string): Buffer {
  try {
    return run()
  } catch (error) {
    throw new Damage(`its payload can't be decompressed with ${name}: ${textOf(error)}`)
  }
}
