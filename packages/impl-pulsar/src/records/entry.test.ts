import { batchOf, packedBatch, type WireMessage } from '@wal/walimpls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { carried } from './carried-properties.js'
import { EntryDecoder } from './entry-decoder.js'
import { encodeMessages, entryBytes, headersAndPayload } from './entry-encoder.js'

const place = { ledger: 14, entry: 3 }
const stamp = { sequence: 7, publishTime: 1_700_000_000_000 }
const producer = 'wal-x'

const decoder = new EntryDecoder('persistent://public/default/orders')

const message: fc.Arbitrary<WireMessage> = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }),
  properties: fc
    .uniqueArray(
      fc.tuple(
        fc.string({ unit: 'grapheme', maxLength: 90 }),
        fc.string({ unit: 'grapheme', maxLength: 200 }),
      ),
      {
        selector: ([key]) => key,
        maxLength: 12,
      },
    )
    .map((pairs) => pairs.flat()),
})

const plain = (messages: readonly WireMessage[]) =>
  messages.map(({ payload, properties }) => ({ payload: [...payload], properties: [...properties] }))

test('records come back as they were encoded, and the size is the one that was told', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
      const encoded = encodeMessages(batchOf(0, messages), { producer })
      const bytes = Buffer.concat(headersAndPayload(encoded, stamp))
      expect(entryBytes(encoded, stamp)).toBe(6 + bytes.length)
      expect(encoded.bytes).toBeGreaterThanOrEqual(6 + bytes.length)
      expect(encoded.bytes).toBeLessThan(6 + bytes.length + 17)
      const entry = decoder.decode(bytes, place)
      expect(entry).toMatchObject({
        place,
        count: messages.length,
        bytes: bytes.length,
        producer,
        sequence: 7,
      })
      const records = entry.records()
      expect(plain(records)).toEqual(plain(messages))
      expect(records.map(({ id }) => [id.ledger, id.entry, id.index])).toEqual(
        messages.map((_, index) => [14, 3, index]),
      )
    }),
  )
})

test('a batch of several runs is one entry', () => {
  const runs = [0, 1].map((i) => batchOf(i, [{ payload: Buffer.from([i]), properties: ['n', String(i)] }]))
  const batch = packedBatch({ sequence: 0, count: 2, bytes: 6, packed: runs.flatMap(({ packed }) => packed) })
  const bytes = Buffer.concat(headersAndPayload(encodeMessages(batch, { producer }), stamp))
  expect(plain(decoder.decode(bytes, place).records())).toEqual([
    { payload: [0], properties: ['n', '0'] },
    { payload: [1], properties: ['n', '1'] },
  ])
})

test('properties come back on both sides of the sizes at which their lengths take more bytes', () => {
  const lengths = [
    ...Array.from({ length: 20 }, (_, i) => 115 + i),
    ...Array.from({ length: 20 }, (_, i) => 16_370 + i),
  ]
  const messages = lengths.map((length) => ({
    payload: Buffer.alloc(length),
    properties: ['k', 'x'.repeat(length), 'y'.repeat(length), 'v'],
  }))
  const bytes = Buffer.concat(headersAndPayload(encodeMessages(batchOf(0, messages), { producer }), stamp))
  expect(plain(decoder.decode(bytes, place).records())).toEqual(plain(messages))
})

test('records with many short properties make the output grow, and come back', () => {
  const messages = [1, 300, 2, 1_000].map((count) => ({
    payload: Buffer.from([count & 255]),
    properties: Array.from({ length: count }, (_, i) => [i.toString(36), '']).flat(),
  }))
  const bytes = Buffer.concat(headersAndPayload(encodeMessages(batchOf(0, messages), { producer }), stamp))
  expect(plain(decoder.decode(bytes, place).records())).toEqual(plain(messages))
})

/** Puts a field of bytes in front of the metadata of an entry. */
function withField(bytes: Buffer, field: number, value: string): Buffer {
  const added = Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.readUInt32BE(0) + added.length)
  return Buffer.concat([size, added, bytes.subarray(4)])
}

test('an entry of the native client, stored under the name of all writers, has the name in its key', () => {
  const sent = (name: string) =>
    Buffer.concat(headersAndPayload(encodeMessages(batchOf(0, records), { producer: name }), stamp))
  const records = [{ payload: Buffer.from('a'), properties: [] }]
  expect(decoder.decode(withField(sent('wal-writer'), 6, 'wal-mine'), place).producer).toBe('wal-mine')
  expect(decoder.decode(sent('wal-writer'), place).producer).toBe('wal-writer')
  expect(decoder.decode(withField(sent('a'), 6, 'wal-mine'), place).producer).toBe('a')
})

test('properties that the native client had to carry come back as they were', () => {
  const lists = [
    ['b', '1', 'a', '2'],
    ['b', '3', 'a', '4'],
    ['a', '1', '__proto__', 'x\0y'],
    ['a', '1', 'b', '2'],
  ]
  const messages = lists.map((list) => ({ payload: Buffer.from('x'), properties: carried(list) }))
  const bytes = Buffer.concat(headersAndPayload(encodeMessages(batchOf(0, messages), { producer }), stamp))
  const read = decoder.decode(bytes, place).records()
  expect(read.map(({ properties }) => properties)).toEqual(lists)
})
