import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GZIP, LZ4, SNAPPY, ZSTD } from './codecs.js'
import { decompress } from './decompress.js'

// Whole batches of a real client, in all codecs, are in test/java-batches.test.ts. The codecs have their own tests in walimpls.
const hex = (text: string) => Buffer.from(text, 'hex')
const LIMIT = 1 << 20

test('a codec that nobody knows is refused by its number', () => {
  expect(() => decompress(Buffer.alloc(0), { codec: 5, maxBytes: 1, topic: 'orders', offset: 9 })).toThrow(
    expect.objectContaining({
      code: 'WAL_SPEC_UNSUPPORTED',
      message: expect.stringMatching(/^topic "orders", offset 9: the batch is compressed with codec 5/),
    }),
  )
})

test.each([
  [GZIP, 'gzip'],
  [SNAPPY, 'snappy'],
  [LZ4, 'lz4'],
  [ZSTD, 'zstd'],
])('bytes that codec %i cannot have made are damage, and its name %s is told', (codec, name) => {
  const bytes = hex('00112233445566778899')
  expect(() => decompress(bytes, { codec, maxBytes: LIMIT, topic: 'orders', offset: 9 })).toThrow(
    expect.objectContaining({
      code: 'WAL_CORRUPT',
      message: expect.stringMatching(new RegExp(`^topic "orders", offset 9: .* with ${name}: .`)),
    }),
  )
})

test('gzip gives no more than the limit', () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const run = (maxBytes: number) => decompress(bomb, { codec: GZIP, maxBytes, topic: 'orders', offset: 9 })
  expect(run(10_000_000)).toHaveLength(10_000_000)
  expect(() => run(9_999_999)).toThrow(expect.objectContaining({ code: 'WAL_CORRUPT' }))
})

test('random bytes are refused or decompressed within the limit, whatever the codec', () => {
  const maxBytes = 10_000
  fc.assert(
    fc.property(
      fc.constantFrom(GZIP, SNAPPY, LZ4, ZSTD),
      fc.uint8Array({ maxLength: 300 }),
      (codec, bytes) => {
        try {
          const length = decompress(Buffer.from(bytes), {
            codec,
            maxBytes,
            topic: 'orders',
            offset: 9,
          }).length
          expect(length).toBeLessThanOrEqual(maxBytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
        }
      },
    ),
  )
})
