import { batchOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { SentBatches } from './sent-batches.js'

const batch = (sequence: number) => batchOf(sequence, [{ payload: Buffer.from('x'), properties: [] }])
const entry = (sequence: number) => ({
  ...{ place: { ledger: 10, entry: sequence }, producer: 'wal-mine', sequence, count: 1 },
})

test('a batch that an earlier look has found, and a later one has not, is sent again', () => {
  const batches = new SentBatches()
  batches.acknowledged(batches.number(batch(0)))
  batches.number(batch(1))
  batches.compare([entry(0), entry(1)], 'wal-mine', 'the topic')
  expect(batches.storedAt(batch(1))).toMatchObject({ number: 1 })
  batches.compare([entry(0)], 'wal-mine', 'the topic')
  expect(batches.storedAt(batch(1))).toBeUndefined()
  expect(batches.number(batch(1))).toBe(1)
})
