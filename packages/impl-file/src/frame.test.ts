import type { Batch } from '@wal/walimpls'
import { recordBytes } from '@wal/walimpls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyFrameHeader, bodyIntact, identityOf, readFrameHeader, sealFrame } from './frame.js'
import { FrameDecoder } from './frame-decoder.js'
import { FrameEncoder } from './frame-encoder.js'

const IDENTITY = identityOf('a segment')
const OFFSET = 96

function frameOf(batch: Batch, identity = IDENTITY, offset = OFFSET): Buffer {
  const { bytes, bodyEnd, bodyCrc, count, sequence } = new FrameEncoder().encode(batch)
  const length = sealFrame(bytes, bodyEnd, { firstId: 7, count, sequence, bodyCrc }, identity, offset)
  return Buffer.from(bytes.subarray(0, length))
}

const batches = fc
  .array(
    fc.record({
      payload: fc.uint8Array({ maxLength: 300 }),
      properties: fc
        .array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { maxLength: 5 })
        .map((pairs) => pairs.flat()),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((messages) => ({
    sequence: 3,
    messages,
    bytes: messages.reduce((sum, message) => sum + recordBytes(message), 0),
  }))

test('what goes in comes out, in parts of any size', () => {
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 2_000 }), (batch, maxBytes) => {
      const bytes = frameOf(batch)
      const header = readFrameHeader(bytes, 0, IDENTITY, OFFSET)
      if (header === undefined) throw new Error('no header')
      expect(bodyIntact(bytes, 0, header)).toBe(true)
      expect(header).toMatchObject({ firstId: 7, count: batch.messages.length, sequence: 3, start: OFFSET })
      const decoder = new FrameDecoder(bytes, 0, header, 'here', 0)
      const found = []
      while (!decoder.done) {
        const page: Parameters<FrameDecoder['take']>[0] = []
        decoder.take(page, maxBytes)
        expect(page.length).toBeGreaterThan(0)
        found.push(...page)
      }
      expect(
        found.map(({ payload, properties }) => ({ payload: Uint8Array.from(payload), properties })),
      ).toEqual(batch.messages)
      expect(found.map(({ id }) => id.value)).toEqual(batch.messages.map((_, i) => 7 + i))
    }),
  )
})

test('every flipped bit is noticed', () => {
  const messages = [{ payload: Buffer.from('payload'), properties: ['key', 'value'] }]
  const bytes = frameOf({ sequence: 3, messages, bytes: 15 })
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
    const header = readFrameHeader(damaged, 0, IDENTITY, OFFSET)
    expect(header !== undefined && bodyIntact(damaged, 0, header), `bit ${bit}`).toBe(false)
  }
})

test('a frame counts only in its segment and at its offset', () => {
  const bytes = frameOf({ sequence: 0, messages: [{ payload: Buffer.from('x'), properties: [] }], bytes: 1 })
  expect(readFrameHeader(bytes, 0, IDENTITY, OFFSET)).toBeDefined()
  expect(readFrameHeader(bytes, 0, IDENTITY, OFFSET + 8)).toBeUndefined()
  expect(readFrameHeader(bytes, 0, identityOf('another'), OFFSET)).toBeUndefined()
})

test('a header is found behind garbage, where frames can start', () => {
  const bytes = frameOf({ sequence: 0, messages: [], bytes: 0 }, IDENTITY, 160)
  expect(anyFrameHeader(Buffer.concat([Buffer.alloc(63, 1), bytes]), IDENTITY, 97)).toBe(true)
  expect(anyFrameHeader(Buffer.concat([Buffer.alloc(64, 1), bytes]), IDENTITY, 97)).toBe(false)
})

test('the caller may use its payload again at once', () => {
  const payload = Buffer.from('before')
  const { bytes, bodyEnd } = new FrameEncoder().encode({
    sequence: 0,
    messages: [{ payload, properties: [] }],
    bytes: 6,
  })
  payload.fill('x')
  expect(bytes.subarray(0, bodyEnd).includes('before')).toBe(true)
})

test('buffers are used again, huge ones are not kept', () => {
  const encoder = new FrameEncoder()
  const batch = (size: number) => ({
    sequence: 0,
    messages: [{ payload: Buffer.alloc(size), properties: [] }],
    bytes: size,
  })
  const small = encoder.encode(batch(10))
  encoder.release(small)
  const again = encoder.encode(batch(20))
  expect(again.bytes).toBe(small.bytes)
  const huge = encoder.encode(batch(2 ** 21))
  encoder.release(huge)
  expect(encoder.encode(batch(10)).bytes).not.toBe(huge.bytes)
})
