import { expect, test } from 'vitest'
import type { ReceivedEntry } from '../driver/pulsar-driver.js'
import { messageIds } from '../records/message-ids.js'
import { Continuity } from './continuity.js'
import { EntryQueue } from './entry-queue.js'

const PLACE = { ledger: 10, entry: 3 }

/** A message of an entry, as the native driver hands it out: by itself, as a part. */
const part = (index: number): ReceivedEntry => ({
  ...{ place: PLACE, count: 1, bytes: 10, producer: undefined, sequence: undefined, part: index },
  records: () => [{ id: messageIds.of(PLACE, index), payload: Buffer.from(`${index}`), properties: [] }],
})

const queueFrom = (index: number) => new EntryQueue(new Continuity(messageIds.of(PLACE, index)), 1000)
const indexesOf = (queue: EntryQueue) => queue.take().map(({ id }) => id.index)

test('a start in the middle of an entry is found in a later part of it', () => {
  const queue = queueFrom(2)
  for (let index = 0; index < 4; index++) queue.push(part(index))
  expect(indexesOf(queue)).toEqual([2, 3])
  expect(queue.stop).toBeUndefined()
})

test('parts before the start give nothing while the later ones have not come', () => {
  const queue = queueFrom(2)
  queue.push(part(0))
  queue.push(part(1))
  expect(indexesOf(queue)).toEqual([])
  expect(queue.stop).toBeUndefined()
  expect(queue.bytes).toBe(0)
  queue.push(part(2))
  expect(indexesOf(queue)).toEqual([2])
})

test('a batch has whole entries, and no more bytes than it may have', () => {
  const queue = new EntryQueue(new Continuity(), 40)
  for (const [entry, bytes] of [10, 10, 39].entries()) {
    const place = { ledger: 10, entry }
    queue.push({
      ...{ place, count: 1, bytes, producer: undefined, sequence: undefined },
      records: () => [{ id: messageIds.of(place, 0), payload: Buffer.alloc(bytes), properties: [] }],
    })
  }
  expect(queue.take().map(({ id }) => id.entry)).toEqual([0, 1])
  expect(queue.bytes).toBe(39)
  expect(queue.take().map(({ id }) => id.entry)).toEqual([2])
  expect(queue.bytes).toBe(0)
})
