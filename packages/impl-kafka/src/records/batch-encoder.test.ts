import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { batchOf, packedBatch, type WireMessage } from '@wal/walimpls'
import { crc32c } from '@wal/walimpls/helper'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundOf, encodeRecordBatch, restampRecordBatch } from './batch-encoder.js'
import { CHECKED_FROM, CRC, RECORDS } from './batch-layout.js'

const stamp = { producerId: 4000n, producerEpoch: 3, baseSequence: 17, timestamp: 1_700_000_000_000 }
const LIMIT = { maxBytes: 2 ** 30 }

const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const record: fc.Arbitrary<WireMessage> = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  properties: fc
    .uniqueArray(text, { maxLength: 10 })
    .map((keys) => keys.flatMap((key, i) => [key, key.repeat(i % 3)])),
})

test('a batch is laid out as Kafka describes it', () => {
  const message = { payload: Buffer.from('pay'), properties: ['k', 'v', 'empty', ''] }
  const bytes = encodeRecordBatch(batchOf(0, [message, message]), stamp, LIMIT)
  const body = (delta: string) => `0000${delta}01${'06706179'}04${'026b'}${'0276'}${'0a656d707479'}00`
  const records = [body('00'), body('02')]
    .map((hex) => (hex.length / 2) * 2)
    .map((length, i) => length.toString(16).padStart(2, '0') + [body('00'), body('02')][i])
    .join('')
  const afterCrc = [
    '0000', // attributes
    '00000001', // offset of the last record
    '0000018bcfe56800', // first and last time
    '0000018bcfe56800',
    '0000000000000fa0', // producer id
    '0003', // epoch
    '00000011', // sequence number
    '00000002', // how many records
    records,
  ].join('')
  expect(bytes.subarray(CHECKED_FROM).toString('hex')).toBe(afterCrc)
  expect(bytes.readUInt32BE(CRC)).toBe(crc32c(Buffer.from(afterCrc, 'hex')))
  expect(bytes.subarray(0, CRC).toString('hex')).toBe(
    ['0000000000000000', (bytes.length - 12).toString(16).padStart(8, '0'), 'ffffffff', '02'].join(''),
  )
})

/** kafkajs' own encoder of record batches. */
const require = createRequire(import.meta.url)
const { RecordBatch: kafkajsBatch } = require('kafkajs/src/protocol/recordBatch/v0')
const kafkajsRecord = require('kafkajs/src/protocol/recordBatch/record/v0')

/** kafkajs takes headers as an object, which would put a key that looks like a number first. */
const kafkajsMessage = record.map(({ payload, properties }) => ({
  payload,
  properties: properties.map((each, i) => (i % 2 === 0 ? `k${each}` : each)),
}))

test('a batch has the bytes that kafkajs makes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(kafkajsMessage, { minLength: 1, maxLength: 20 }), async (messages) => {
      const records = messages.map(({ payload, properties }, offsetDelta) => {
        const headers: Record<string, string> = Object.create(null)
        for (let i = 0; i < properties.length; i += 2)
          headers[properties[i] as string] = properties[i + 1] as string
        return kafkajsRecord({ offsetDelta, timestampDelta: 0, key: null, value: payload, headers })
      })
      const expected = await kafkajsBatch({
        firstOffset: 0,
        firstTimestamp: stamp.timestamp,
        maxTimestamp: stamp.timestamp,
        partitionLeaderEpoch: -1,
        lastOffsetDelta: messages.length - 1,
        producerId: Number(stamp.producerId),
        producerEpoch: stamp.producerEpoch,
        firstSequence: stamp.baseSequence,
        records,
      })
      expect(encodeRecordBatch(batchOf(0, messages), stamp, LIMIT).toString('hex')).toBe(
        expected.buffer.toString('hex'),
      )
    }),
    { numRuns: 50 },
  )
})

test('a batch is not larger than its bound, whatever the lengths of its texts are', () => {
  for (const length of [0, 1, 25, 63, 64, 65, 127, 128, 8191, 8192, 16_383, 16_384, 70_000, 1_100_000]) {
    const message = { payload: Buffer.alloc(length), properties: ['k'.repeat(length), 'v'.repeat(length)] }
    const batch = batchOf(0, [message])
    expect(encodeRecordBatch(batch, stamp, LIMIT).length).toBeLessThanOrEqual(boundOf(batch))
  }
})

test('the records of several runs become one batch', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (messages) => {
      const whole = batchOf(0, messages)
      const packed = messages.map((each) => batchOf(0, [each]).packed[0] as Uint8Array)
      const runs = packedBatch({ sequence: 0, count: whole.count, bytes: whole.bytes, packed })
      expect(encodeRecordBatch(runs, stamp, LIMIT)).toEqual(encodeRecordBatch(whole, stamp, LIMIT))
    }),
  )
})

test('a batch under another stamp is the one that would have been encoded with it, and the first one stays', () => {
  const other = fc.record({
    producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    producerEpoch: fc.nat(32_767),
    baseSequence: fc.nat(2 ** 31 - 1),
    timestamp: fc.nat(2 ** 48),
  })
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 6 }),
      other,
      fc.boolean(),
      (messages, next, gzip) => {
        const batch = batchOf(0, messages)
        const first = encodeRecordBatch(batch, stamp, { ...LIMIT, gzip })
        const kept = Buffer.from(first)
        expect(restampRecordBatch(first, next)).toEqual(encodeRecordBatch(batch, next, { ...LIMIT, gzip }))
        expect(first).toEqual(kept)
      },
    ),
  )
})

test('with gzip the records are the same, compressed', () => {
  const batch = batchOf(0, [{ payload: Buffer.alloc(10_000), properties: ['k', 'v'] }])
  const plain = encodeRecordBatch(batch, stamp, LIMIT)
  const packed = encodeRecordBatch(batch, stamp, { ...LIMIT, gzip: true })
  expect(gunzipSync(packed.subarray(RECORDS))).toEqual(plain.subarray(RECORDS))
  expect(packed.length).toBeLessThan(500)
  expect(packed.readInt16BE(CHECKED_FROM)).toBe(1)
  expect(packed.readUInt32BE(CRC)).toBe(crc32c(packed, CHECKED_FROM))
})

test('a batch larger than the topic takes is certainly not written', () => {
  const batch = batchOf(0, [{ payload: Buffer.alloc(1000), properties: [] }])
  const { length } = encodeRecordBatch(batch, stamp, LIMIT)
  expect(encodeRecordBatch(batch, stamp, { maxBytes: length })).toHaveLength(length)
  expect(() => encodeRecordBatch(batch, stamp, { maxBytes: length - 1 })).toThrow(
    expect.objectContaining({ code: 'WAL_MESSAGE_TOO_LARGE', outcome: 'not-written' }),
  )
})
