import { readFileSync } from 'node:fs'
import { decompressZstdInJavaScript, numberIdCodec } from '@wal/walimpls/helper'
import { describe, expect, test } from 'vitest'
import { RecordDecoder } from '../src/records/batch-decoder.js'
import { batchHeaders } from '../src/records/batch-header.js'
import { RECORDS } from '../src/records/batch-layout.js'

// Record batches as Kafka's own Java library (kafka-clients 4.4.0, `MemoryRecordsBuilder`) makes them, in base64, named by codec
// and size of the payloads. Each has the base offset 100, the producer 42 of epoch 3, the sequence number 17, a key in every
// second record, no payload in record 3, and the headers that `expected` has.
const BATCHES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('./fixtures/java-batches.json', import.meta.url), 'utf8'),
)

/** The payload that the Java program made for this record. */
function payload(record: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let x = (record * 7919 + 1) | 0
  for (let i = 0; i < size; i++) {
    if (i % 400 === 0) x = (Math.imul(x, 1103515245) + 12345) | 0
    bytes[i] = 97 + ((x >>> 16) & 7) + (i % 8 === 0 ? 8 : 0)
  }
  return bytes
}

const expected = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => ({
    offset: 100 + i,
    payload: (i === 3 ? Buffer.alloc(0) : payload(i, size)).toString('latin1'),
    properties: ['_v', '1', 'n', `é${i}`, 'none', ''],
  }))

describe.each(Object.entries(BATCHES))('a batch of Java’s client, %s', (name, base64) => {
  const records = Buffer.from(base64, 'base64')
  const size = Number(name.split('-')[1])
  const count = size === 60 ? 5 : 80
  const decoder = (maxDecompressedBytes: number) =>
    new RecordDecoder({ topic: 'orders', idOf: numberIdCodec('kafka').of, maxDecompressedBytes })
  const decode = (limit: number) => decoder(limit).decode(records, { from: 0, aborted: [] })

  test('is decoded', () => {
    const { messages, next } = decode(1 << 20)
    expect(
      messages.map(({ id, payload, properties }) => ({
        offset: id.value,
        payload: Buffer.from(payload).toString('latin1'),
        properties,
      })),
    ).toEqual(expected(count, size))
    expect(next).toBe(100 + count)
  })

  test('has its header', () => {
    expect(batchHeaders(records, 'orders')).toEqual([
      {
        start: 0,
        end: records.length,
        baseOffset: 100,
        lastOffset: 100 + count - 1,
        leaderEpoch: 5,
        codec: ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(name.split('-')[0] as string),
        transactional: false,
        control: false,
        maxTimestamp: 1_700_000_000_000 + count - 1,
        producerId: 42n,
        producerEpoch: 3,
        baseSequence: 17,
        count,
      },
    ])
  })

  if (size > 60)
    test('is refused when its records are larger than the limit', () => {
      expect(() => decode(100_000)).toThrow(
        expect.objectContaining({
          code: 'WAL_CORRUPT',
          message: expect.stringMatching(/offset 100: .*(more|larger) than 100000 bytes/),
        }),
      )
    })

  if (name.startsWith('zstd'))
    test('is decompressed in JavaScript as well', () => {
      const bytes = decompressZstdInJavaScript(records.subarray(RECORDS), 1 << 20)
      expect(bytes.includes(payload(1, size))).toBe(true)
      expect(() => decompressZstdInJavaScript(records.subarray(RECORDS), 100)).toThrow(/more than 100 bytes/)
    })
})
