import { batchOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { encodeBatch } from './batch-encoder.js'
import { EntryDecoder } from './entry-decoder.js'

const MIB = 1 << 20

test('a batch is encoded within its bound, and its largest record is as large as it is encoded', () => {
  const record = (unit: string, count: number) => ({
    payload: new Uint8Array(count),
    properties: ['k', unit.repeat(count), unit, ''],
  })
  for (const unit of ['a', 'é', '界', '🗝'])
    for (const count of [0, 1, 31, 32, 300, 70_000]) {
      const alone = encodeBatch(batchOf(1, [record(unit, count)]), MIB)
      expect(alone.largest).toBe(alone.bytes.length - 1)
      expect(encodeBatch(batchOf(1, [record('a', 0), record(unit, count)]), MIB).largest).toBe(alone.largest)
      // The answer of the server packs an entry as its id and its fields. This test builds such an answer from the encoded
      // batch.
      const id = Buffer.from([0x91, 0x92, 0xa3, 0x37, 0x2d, 0x31])
      const [entry] = new EntryDecoder('wal:{orders}').decode(Buffer.concat([id, alone.bytes.subarray(1)]))
      expect(entry?.message.properties).toEqual(record(unit, count).properties)
      expect(entry?.message.payload.length).toBe(count)
      expect(entry?.bytes).toBe(alone.largest + 5)
    }
})

test('a record is too large by its bytes, not by UTF-16 units', () => {
  const chinese = { payload: new Uint8Array(0), properties: ['k', '界'.repeat(1000)] }
  expect(() => encodeBatch(batchOf(1, [chinese]), 3000)).toThrow(
    expect.objectContaining({ code: 'WAL_MESSAGE_TOO_LARGE', outcome: 'not-written' }),
  )
  expect(encodeBatch(batchOf(1, [chinese]), 3001).largest).toBeGreaterThan(3001)
})
