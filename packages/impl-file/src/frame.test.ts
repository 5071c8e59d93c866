import { type Batch, batchOf } from '@wal/walimpls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  anyFrameHeader,
  bodyIntact,
  frameBody,
  frameBytes,
  frameOf,
  identityOf,
  readFrameHeader,
} from './frame.js'
import { FrameDecoder } from './frame-decoder.js'

const IDENTITY = identityOf('a segment')
const OFFSET = 96
const PLACE = { identity: IDENTITY, offset: OFFSET }

function written(batch: Batch, identity = IDENTITY, offset = OFFSET): Buffer {
  const body = frameBody(batch)
  const bytes = Buffer.concat(frameOf(body, { firstId: 7, identity, offset }))
  expect(bytes.length).toBe(frameBytes(body))
  return bytes
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
  .map((messages) => batchOf(3, messages))

test('what goes in comes out, in parts of any size', () => {
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 2_000 }), (batch, maxBytes) => {
      const bytes = written(batch)
      const header = readFrameHeader(bytes, 0, PLACE)
      if (header === undefined) throw new Error('no header')
      expect(bodyIntact(bytes, 0, header)).toBe(true)
      expect(header).toMatchObject({ firstId: 7, count: batch.messages.length, sequence: 3, start: OFFSET })
      const decoder = new FrameDecoder({ bytes, at: 0, header, place: 'here' }, 0)
      const found = []
      while (!decoder.done) {
        const page: Parameters<FrameDecoder['decode']>[0] = []
        decoder.decode(page, maxBytes)
        expect(page.length).toBeGreaterThan(0)
        found.push(...page)
      }
      expect(found.map(({ payload, properties }) => ({ payload: Buffer.from(payload), properties }))).toEqual(
        batch.messages,
      )
      expect(found.map(({ id }) => id.value)).toEqual(batch.messages.map((_, i) => 7 + i))
    }),
  )
})

test('every flipped bit is noticed', () => {
  const messages = [{ payload: Buffer.from('payload'), properties: ['key', 'value'] }]
  const bytes = written(batchOf(3, messages))
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
    const header = readFrameHeader(damaged, 0, PLACE)
    expect(header !== undefined && bodyIntact(damaged, 0, header), `bit ${bit}`).toBe(false)
  }
})

test('a frame counts only in its segment and at its offset', () => {
  const bytes = written(batchOf(0, [{ payload: Buffer.from('x'), properties: [] }]))
  expect(readFrameHeader(bytes, 0, PLACE)).toBeDefined()
  expect(readFrameHeader(bytes, 0, { ...PLACE, offset: OFFSET + 8 })).toBeUndefined()
  expect(readFrameHeader(bytes, 0, { identity: identityOf('another'), offset: OFFSET })).toBeUndefined()
})

test('a header is found behind garbage, where frames can start', () => {
  const bytes = written(batchOf(0, []), IDENTITY, 160)
  expect(anyFrameHeader(Buffer.concat([Buffer.alloc(63, 1), bytes]), IDENTITY, 97)).toBe(true)
  expect(anyFrameHeader(Buffer.concat([Buffer.alloc(64, 1), bytes]), IDENTITY, 97)).toBe(false)
})

test('records in several runs of bytes make the frame that they make in one', () => {
  const messages = [1, 2, 3].map((n) => ({ payload: Buffer.alloc(n, n), properties: ['n', String(n)] }))
  const runs = messages.map((message) => batchOf(0, [message]).packed[0] as Uint8Array)
  const { packed, ...rest } = frameBody({ packed: runs, count: 3, sequence: 3 })
  const whole = frameBody(batchOf(3, messages))
  expect({ ...rest, packed: whole.packed }).toEqual(whole)
  const place = { firstId: 7, identity: IDENTITY, offset: OFFSET }
  expect(Buffer.concat(frameOf({ ...rest, packed }, place))).toEqual(Buffer.concat(frameOf(whole, place)))
})
