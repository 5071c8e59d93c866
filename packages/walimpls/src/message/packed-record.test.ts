import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, packedBatch } from '../batch.js'
import { packedRecordBytes, readRecord, writeRecord } from './packed-record.js'
import { recordBytes } from './record-bytes.js'

const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const record = fc.record({
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  properties: fc.array(text, { maxLength: 10 }).map((texts) => texts.flatMap((each) => [each, `${each}-`])),
})

test('records that were packed one behind the other are read again, and take the bytes that are foretold', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 10 }), (records) => {
      const bytes = Buffer.alloc(records.reduce((sum, each) => sum + packedRecordBytes(each), 0))
      expect(records.reduce((at, each) => writeRecord(bytes, at, each), 0)).toBe(bytes.length)
      let at = 0
      for (const each of records) {
        const { end, ...read } = readRecord(bytes, at)
        expect(read).toEqual(each)
        at = end
      }
      expect(at).toBe(bytes.length)
    }),
  )
})

test('a batch has the same records as lists and as bytes, also in several runs, and keeps them when it is spread', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (records) => {
      const whole = batchOf(7, records)
      expect(whole.messages).toEqual(records)
      expect(whole).toMatchObject({ sequence: 7, count: records.length })
      expect(whole.bytes).toBe(records.reduce((sum, each) => sum + recordBytes(each), 0))
      const packed = records.map((each) => batchOf(0, [each]).packed[0] as Uint8Array)
      const inRuns = packedBatch({ sequence: 7, count: records.length, bytes: whole.bytes, packed })
      expect(inRuns.messages).toEqual(records)
      expect({ ...inRuns, sequence: 8 }.messages).toEqual(records)
      // The messages are decoded only once.
      expect(inRuns.messages).toBe(inRuns.messages)
    }),
  )
})

test.each([
  ['a length of the payload that is cut off', Buffer.of(3, 0, 0), /a packed record: it ends too early/],
  ['a payload that is cut off', Buffer.of(3, 0, 0, 0, 1, 2), /a packed record: its payload passes the end/],
  ['properties that are missing', Buffer.of(1, 0, 0, 0, 1), /packed properties/],
  ['a payload of four gigabytes', Buffer.of(255, 255, 255, 255, 0), /its payload passes the end/],
])('%s is corrupt', (_, bytes, message) => {
  expect(() => readRecord(bytes, 0)).toThrow(
    expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringMatching(message) }),
  )
})
