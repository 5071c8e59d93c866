import { batchOf, type WireMessage } from '@wal/walimpls'
import { crc32c, numberIdCodec } from '@wal/walimpls/helper'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AbortedTransaction } from '../protocol/fetch.js'
import { RecordDecoder } from './batch-decoder.js'
import { encodeRecordBatch } from './batch-encoder.js'
import { batchHeaders } from './batch-header.js'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BATCH_LENGTH,
  CHECKED_FROM,
  CONTROL_BIT,
  CRC,
  LAST_OFFSET_DELTA,
  MAGIC,
  PRODUCER_ID,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL_BIT,
} from './batch-layout.js'
import { writeVarint } from './varint.js'

const ids = numberIdCodec('kafka')
const decoder = () => new RecordDecoder({ topic: 'orders', idOf: ids.of, maxDecompressedBytes: 1 << 20 })
const decode = (records: Buffer, from = 0, aborted: readonly AbortedTransaction[] = []) =>
  decoder().decode(records, { from, aborted })
const corrupt = (text: RegExp) =>
  expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringMatching(text) })

const stamp = { producerId: 40n, producerEpoch: 3, baseSequence: 17, timestamp: 1_700_000_000_000 }
const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const record: fc.Arbitrary<WireMessage> = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  properties: fc
    .uniqueArray(text, { maxLength: 10 })
    .map((keys) => keys.flatMap((key, i) => [key, key.repeat(i % 3)])),
})

interface Changes {
  readonly baseOffset?: number
  readonly attributes?: number
  readonly producerId?: bigint
  readonly lastOffsetDelta?: number
  readonly count?: number
  readonly magic?: number
}

/** The batch with other fields, and the check sum that belongs to them. */
function changed(batch: Buffer, changes: Changes): Buffer {
  const bytes = Buffer.from(batch)
  bytes.writeBigInt64BE(BigInt(changes.baseOffset ?? 0), BASE_OFFSET)
  bytes.writeInt32BE(bytes.length - 12, BATCH_LENGTH)
  bytes.writeInt16BE(changes.attributes ?? bytes.readInt16BE(ATTRIBUTES), ATTRIBUTES)
  bytes.writeBigInt64BE(changes.producerId ?? stamp.producerId, PRODUCER_ID)
  bytes.writeInt32BE(changes.lastOffsetDelta ?? bytes.readInt32BE(LAST_OFFSET_DELTA), LAST_OFFSET_DELTA)
  bytes.writeInt32BE(changes.count ?? bytes.readInt32BE(RECORD_COUNT), RECORD_COUNT)
  bytes[MAGIC] = changes.magic ?? 2
  bytes.writeUInt32BE(crc32c(bytes, CHECKED_FROM), CRC)
  return bytes
}

const messages = (...payloads: string[]): WireMessage[] =>
  payloads.map((payload) => ({ payload: Buffer.from(payload), properties: ['key', 'value'] }))
const encoded = (records: readonly WireMessage[], changes: Changes = {}, gzip = false) =>
  changed(encodeRecordBatch(batchOf(0, records), stamp, { maxBytes: 2 ** 30, gzip }), changes)
const payloads = (records: Buffer, from = 0, aborted: readonly AbortedTransaction[] = []) =>
  decode(records, from, aborted).messages.map(({ payload }) => Buffer.from(payload).toString())

/** A batch with these bytes as its records. */
function batchWith(records: Buffer, changes: Changes = {}): Buffer {
  const header = encoded(messages('a')).subarray(0, RECORDS)
  return changed(Buffer.concat([header, records]), changes)
}

/** A record of these fields, each a number to be written as a varint, or bytes. The length is put in front. */
function recordOf(...fields: (number | Buffer | string)[]): Buffer {
  const varint = (value: number) => {
    const bytes = Buffer.alloc(5)
    return bytes.subarray(0, writeVarint(bytes, 0, value))
  }
  const body = Buffer.concat(
    fields.map((field) => (typeof field === 'number' ? varint(field) : Buffer.from(field as string))),
  )
  return Buffer.concat([varint(body.length), body])
}
/** Attributes, difference of the time, offset, no key. */
const BEGINNING = [0, 0, 0, -1] as const

/** The marker of Kafka that ends a transaction. */
const marker = (kind: 'abort' | 'commit', baseOffset: number, producerId = stamp.producerId) =>
  batchWith(recordOf(0, 0, 0, 4, Buffer.of(0, 0, 0, kind === 'abort' ? 0 : 1), 6, Buffer.alloc(6), 0), {
    baseOffset,
    producerId,
    attributes: CONTROL_BIT | TRANSACTIONAL_BIT,
  })

test('what was encoded is decoded, with offsets, also compressed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 5 }), { maxLength: 4 }),
      fc.boolean(),
      fc.nat(1000),
      (batches, gzip, first) => {
        let baseOffset = first
        const bytes = batches.map((each) => {
          const batch = encoded(each, { baseOffset }, gzip)
          baseOffset += each.length
          return batch
        })
        const { messages: read, next, cutBatchBytes } = decode(Buffer.concat(bytes), first)
        expect(
          read.map(({ id, payload, properties }) => [id.value, Buffer.from(payload), properties]),
        ).toEqual(batches.flat().map(({ payload, properties }, i) => [first + i, payload, properties]))
        expect(next).toBe(baseOffset)
        expect(cutBatchBytes).toBe(0)
      },
    ),
  )
})

test('records and texts are decoded on both sides of the sizes at which lengths take more bytes', () => {
  for (const size of [
    0, 1, 40, 54, 55, 56, 57, 58, 63, 64, 127, 128, 8100, 8191, 8192, 16_383, 16_384, 1_048_576,
  ]) {
    const message = { payload: Buffer.alloc(size, 1), properties: ['k'.repeat(size), 'v'.repeat(size)] }
    const alone = { payload: Buffer.alloc(size, 2), properties: [] }
    const stored = [message, alone, message]
    const read = decode(encoded(stored)).messages
    expect(read.map(({ properties }) => properties)).toEqual(stored.map(({ properties }) => properties))
    // Not by `toEqual`, which looks at every byte of a million by itself.
    expect(read.map(({ payload }, i) => stored[i]?.payload.equals(payload))).toEqual([true, true, true])
  }
})

test('payloads are views of the answer', () => {
  const bytes = encoded(messages('abc'))
  expect(decode(bytes).messages[0]?.payload.buffer).toBe(bytes.buffer)
})

test('a batch that is cut off is left out, and the next offset is its own', () => {
  const first = encoded(messages('a', 'b'))
  const second = encoded(messages('c'), { baseOffset: 2 })
  for (let cut = 0; cut < second.length; cut++) {
    const { messages: read, next, cutBatchBytes } = decode(Buffer.concat([first, second.subarray(0, cut)]))
    expect([read.length, next]).toEqual([2, 2])
    expect(cutBatchBytes).toBe(cut < 12 ? 0 : second.length)
  }
})

test('decoding stops behind the batch that reaches the limit, and goes on at the next offset', () => {
  const large = (baseOffset: number) =>
    encoded([{ payload: Buffer.alloc(10_000), properties: [] }], { baseOffset }, true)
  const bytes = Buffer.concat([large(0), large(1), large(2)])
  const limited = (from: number, maxBytes: number) => decoder().decode(bytes, { from, aborted: [], maxBytes })
  expect(limited(0, 1)).toMatchObject({ messages: { length: 1 }, next: 1, cutBatchBytes: 0 })
  expect(limited(0, 10_001)).toMatchObject({ messages: { length: 1 }, next: 1, cutBatchBytes: 0 })
  expect(limited(0, 15_000)).toMatchObject({ messages: { length: 2 }, next: 2 })
  expect(limited(1, 15_000)).toMatchObject({ messages: { length: 2 }, next: 3 })
})

test('records below the offset asked for are left out', () => {
  const bytes = Buffer.concat([encoded(messages('a', 'b', 'c')), encoded(messages('d'), { baseOffset: 3 })])
  expect(payloads(bytes, 1)).toEqual(['b', 'c', 'd'])
  expect(payloads(bytes, 3)).toEqual(['d'])
  expect(decode(bytes, 9)).toMatchObject({ messages: [], next: 9, cutBatchBytes: 0 })
})

test('offsets that compaction removed are passed over', () => {
  const bytes = encoded(messages('a', 'b'), { baseOffset: 10, lastOffsetDelta: 7 })
  const { messages: read, next } = decode(bytes, 10)
  expect(read.map(({ id }) => id.value)).toEqual([10, 11])
  expect(next).toBe(18)
  expect(decode(batchWith(Buffer.alloc(0), { count: 0, baseOffset: 10, lastOffsetDelta: 3 }), 10).next).toBe(
    14,
  )
})

describe('transactions', () => {
  const open = { attributes: TRANSACTIONAL_BIT }
  test('an aborted one is hidden up to its marker, and one that committed is not', () => {
    const log = Buffer.concat([
      encoded(messages('plain'), { baseOffset: 0 }),
      encoded(messages('aborted'), { ...open, baseOffset: 1, producerId: 7n }),
      encoded(messages('committed'), { ...open, baseOffset: 2, producerId: 8n }),
      marker('commit', 3, 8n),
      marker('abort', 4, 7n),
      encoded(messages('later'), { ...open, baseOffset: 5, producerId: 7n }),
      marker('commit', 6, 7n),
    ])
    expect(payloads(log, 0, [{ producerId: 7n, firstOffset: 1 }])).toEqual(['plain', 'committed', 'later'])
    expect(decode(log).next).toBe(7)
    expect(payloads(log)).toEqual(['plain', 'aborted', 'committed', 'later'])
  })
  test('two aborted ones of one producer are hidden, in whatever order they are listed', () => {
    const log = Buffer.concat([
      encoded(messages('a'), { ...open, baseOffset: 0, producerId: 7n }),
      marker('abort', 1, 7n),
      encoded(messages('b'), { baseOffset: 2, producerId: 7n }),
      encoded(messages('c'), { ...open, baseOffset: 3, producerId: 7n }),
      marker('abort', 4, 7n),
    ])
    const aborted = [
      { producerId: 7n, firstOffset: 3 },
      { producerId: 7n, firstOffset: 0 },
    ]
    expect(payloads(log, 0, aborted)).toEqual(['b'])
  })
  test('one that began before the offset asked for is hidden', () => {
    const log = Buffer.concat([
      encoded(messages('a'), { ...open, baseOffset: 5, producerId: 7n }),
      marker('abort', 6, 7n),
    ])
    expect(payloads(log, 5, [{ producerId: 7n, firstOffset: 2 }])).toEqual([])
  })
  test('a plain batch of the same producer is not hidden', () => {
    const log = Buffer.concat([
      encoded(messages('a'), { ...open, baseOffset: 0, producerId: 7n }),
      encoded(messages('b'), { baseOffset: 1, producerId: 7n }),
    ])
    expect(payloads(log, 0, [{ producerId: 7n, firstOffset: 0 }])).toEqual(['b'])
  })
  test('a marker without a kind is damage', () => {
    const bytes = batchWith(recordOf(...BEGINNING, 0, 0), { attributes: CONTROL_BIT })
    expect(() => decode(bytes)).toThrow(corrupt(/topic "orders", offset 0: .*marker/))
  })
})

describe('records of other producers', () => {
  test('a key is passed over', () => {
    const bytes = batchWith(recordOf(0, 0, 0, 3, 'key', 1, 'p', 0))
    expect(payloads(bytes)).toEqual(['p'])
  })
  test('no payload is an empty one', () => {
    expect(decode(batchWith(recordOf(...BEGINNING, -1, 0))).messages[0]?.payload).toHaveLength(0)
  })
  test('a header without value has an empty text', () => {
    const bytes = batchWith(recordOf(...BEGINNING, 0, 2, 1, 'k', -1, 1, 'l', 1, 'v'))
    expect(decode(bytes).messages[0]?.properties).toEqual(['k', '', 'l', 'v'])
  })
  test('of a header that is there twice the last value counts, also in a second record of that kind', () => {
    const twice = [0, 3, 1, 'k', 1, '1', 1, 'l', 1, '2', 1, 'k', 1, '3'] as const
    const bytes = batchWith(
      Buffer.concat([recordOf(...BEGINNING, ...twice), recordOf(0, 0, 1, -1, ...twice)]),
      {
        count: 2,
        lastOffsetDelta: 1,
      },
    )
    expect(decode(bytes).messages.map(({ properties }) => properties)).toEqual([
      ['k', '3', 'l', '2'],
      ['k', '3', 'l', '2'],
    ])
  })
  test.each([
    ['a short key', [1, Buffer.of(0xff), 1, 'v'], /the key of header 1 is not UTF-8/],
    ['a long value', [1, 'k', 40, Buffer.alloc(40, 0xc3)], /the value of header 1 is not UTF-8/],
  ])('%s that is not UTF-8 is damage', (_, header, what) => {
    const bytes = batchWith(recordOf(...BEGINNING, 0, 1, ...(header as (number | Buffer | string)[])), {
      baseOffset: 4,
    })
    expect(() => decode(bytes)).toThrow(corrupt(what))
    expect(() => decode(bytes)).toThrow(/topic "orders", offset 4/)
  })
  test('a replacement character that was stored is given out', () => {
    const properties = ['\ufffd', `${'x'.repeat(30)}\ufffd`]
    const bytes = encoded([{ payload: Buffer.alloc(0), properties }])
    expect(decode(bytes).messages[0]?.properties).toEqual(properties)
  })
})

describe('damage', () => {
  test('a wrong check sum names topic and offset', () => {
    const second = encoded(messages('c'), { baseOffset: 2 })
    second[second.length - 1] = (second.at(-1) as number) ^ 1
    const bytes = Buffer.concat([encoded(messages('a', 'b')), second])
    expect(() => decode(bytes, 2)).toThrow(corrupt(/^topic "orders", offset 2: the check sum/))
  })
  test('records before the damage are given out, and then the damage is told', () => {
    const bytes = Buffer.concat([
      encoded(messages('a', 'b')),
      batchWith(Buffer.concat([recordOf(...BEGINNING, 1, 'c', 0), recordOf(0, 0, 1, -1, 30, 0)]), {
        baseOffset: 2,
        count: 2,
        lastOffsetDelta: 1,
      }),
    ])
    expect(payloads(bytes)).toEqual(['a', 'b', 'c'])
    expect(decode(bytes)).toMatchObject({ next: 3, cutBatchBytes: 0 })
    expect(() => decode(bytes, 3)).toThrow(corrupt(/^topic "orders", offset 3: .*payload passes its end/))
  })
  test.each([0, 1])('message format %i is refused by name', (magic) => {
    const bytes = encoded(messages('a'))
    bytes[MAGIC] = magic
    const refusal = expect.objectContaining({
      code: 'WAL_SPEC_UNSUPPORTED',
      message: expect.stringContaining(`message format ${magic}`),
    })
    expect(() => decode(bytes)).toThrow(refusal)
    expect(() => batchHeaders(bytes, 'orders')).toThrow(refusal)
  })
  test.each([
    ['a format of the future', encoded(messages('a'), { magic: 3 }), /no record batch/],
    [
      'more records than offsets',
      encoded(messages('a'), { count: 2 }),
      /a batch of 2 records ends at offset 0/,
    ],
    ['a negative last offset', encoded(messages('a'), { lastOffsetDelta: -1 }), /ends at offset -1/],
    ['fewer records than bytes', encoded(messages('a', 'b'), { count: 1 }), /bytes follow the last record/],
    [
      'more records than bytes',
      encoded(messages('a'), { count: 2, lastOffsetDelta: 5 }),
      /passes the end of its batch/,
    ],
    [
      'records without room',
      encoded(messages('a'), { count: 1e9, lastOffsetDelta: 1e9 }),
      /no room for its 1000000000 records/,
    ],
    [
      'two records at one offset',
      batchWith(Buffer.concat([recordOf(...BEGINNING, 0, 0), recordOf(...BEGINNING, 0, 0)]), {
        count: 2,
        lastOffsetDelta: 1,
      }),
      /outside its batch/,
    ],
    ['a record behind the last offset', batchWith(recordOf(0, 0, 4, -1, 0, 0)), /outside its batch/],
    ['a key that passes the end', batchWith(recordOf(0, 0, 0, 30, 0, 0)), /its key passes its end/],
    ['a negative key', batchWith(recordOf(0, 0, 0, -2, 0, 0)), /its key passes its end/],
    ['a payload that passes the end', batchWith(recordOf(...BEGINNING, 30, 0)), /its payload passes its end/],
    ['a negative payload', batchWith(recordOf(...BEGINNING, -2, 0)), /its payload passes its end/],
    ['too many headers', batchWith(recordOf(...BEGINNING, 0, 1e9)), /the number of its headers/],
    ['a negative number of headers', batchWith(recordOf(...BEGINNING, 0, -1)), /the number of its headers/],
    [
      'a header that passes the end',
      batchWith(recordOf(...BEGINNING, 0, 1, 9, 'k', 0)),
      /a header passes its end/,
    ],
    ['a header without key', batchWith(recordOf(...BEGINNING, 0, 1, -1, 0)), /a header passes its end/],
    ['bytes behind the headers', batchWith(recordOf(...BEGINNING, 0, 0, 0)), /bytes follow its last header/],
    [
      'batches out of order',
      Buffer.concat([encoded(messages('a'), { baseOffset: 5 }), encoded(messages('a'), { baseOffset: 5 })]),
      /lies behind/,
    ],
  ])('%s is told, at once or behind the records before', (_, bytes, what) => {
    expect(() => decode(bytes, decode(bytes).next)).toThrow(corrupt(what))
  })
  test('an offset beyond 2^53 is told', () => {
    const bytes = encoded(messages('a'))
    bytes.writeBigInt64BE(2n ** 60n, BASE_OFFSET)
    expect(() => decode(bytes)).toThrow(corrupt(/no record batch/))
  })
})

test('headers of batches are read without the records', () => {
  const second = encoded(messages('c'), { baseOffset: 2, attributes: TRANSACTIONAL_BIT })
  second.writeInt32BE(6, 12)
  const bytes = Buffer.concat([
    encoded(messages('a', 'b')),
    second,
    marker('abort', 3),
    second.subarray(0, 30),
  ])
  const headers = batchHeaders(bytes, 'orders')
  expect(headers.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])).toEqual([
    [0, 1],
    [2, 2],
    [3, 3],
  ])
  expect(headers[0]).toMatchObject({
    producerId: 40n,
    producerEpoch: 3,
    baseSequence: 17,
    count: 2,
    maxTimestamp: 1_700_000_000_000,
    transactional: false,
    control: false,
    leaderEpoch: -1,
    codec: 0,
  })
  expect(headers[1]).toMatchObject({ transactional: true, control: false, leaderEpoch: 6 })
  expect(headers[2]).toMatchObject({ control: true })
})
