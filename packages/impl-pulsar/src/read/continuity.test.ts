import { expect, test } from 'vitest'
import { messageIds } from '../records/message-ids.js'
import { Continuity } from './continuity.js'

const step = (ledger: number, entry: number, sequence?: number, producer = 'wal-a') => ({
  place: { ledger, entry },
  producer: sequence === undefined ? undefined : producer,
  sequence,
})

test('entries of one writer follow over a new ledger when their numbers do', () => {
  const continuity = new Continuity()
  expect(continuity.take(step(14, 3, 7))).toBeUndefined()
  expect(continuity.take(step(17, 0, 8))).toBeUndefined()
  expect(continuity.take(step(20, 0, 10))).toBe('passed over')
})

test('a gap in the entry numbers of a ledger is none when the writer’s numbers follow', () => {
  const continuity = new Continuity()
  continuity.take(step(14, 3, 7))
  expect(continuity.take(step(14, 5, 8))).toBeUndefined()
  expect(continuity.take(step(14, 7, 10))).toBe('passed over')
})

test('an entry that lies beside the one before needs no number', () => {
  const continuity = new Continuity()
  continuity.take(step(14, 3, 7))
  expect(continuity.take(step(14, 4, 90))).toBeUndefined()
})

test('an entry that was stored a second time is no gap', () => {
  const continuity = new Continuity()
  continuity.take(step(14, 3, 7))
  expect(continuity.take(step(17, 0, 6))).toBeUndefined()
  expect(continuity.take(step(17, 1, 7))).toBeUndefined()
})

test('between two writers, and where no numbers are shown, nothing is said', () => {
  const continuity = new Continuity()
  continuity.take(step(14, 3, 7))
  expect(continuity.take(step(17, 0, 50, 'wal-b'))).toBeUndefined()
  expect(continuity.take(step(20, 0))).toBeUndefined()
  expect(continuity.take(step(23, 0, 9))).toBeUndefined()
})

test('the first entry has to be the wanted one, and keeps being refused', () => {
  const continuity = new Continuity(messageIds.of({ ledger: 14, entry: 3 }, 0))
  expect(continuity.take(step(17, 0, 8))).toBe('not the start')
  expect(continuity.take(step(14, 4, 8))).toBe('not the start')
  expect(continuity.take(step(14, 3, 7))).toBeUndefined()
})
