import { expect, test } from 'vitest'
import { Producer } from './producer.js'

const LAST = 2 ** 31 - 1
const producer = () => new Producer({ id: 7n, epoch: 3 })
const baseOf = (numbers: ReturnType<Producer['stamp']>) => numbers?.baseSequence

test('batches get numbers one behind the other, and a writer is known with its first stored batch', () => {
  const numbers = producer()
  expect(numbers.known).toBe(false)
  expect(numbers.stamp({ sequence: 40, count: 2 })).toEqual({
    producerId: 7n,
    producerEpoch: 3,
    baseSequence: 0,
  })
  expect(baseOf(numbers.stamp({ sequence: 42, count: 5 }))).toBe(2)
  numbers.stored(2)
  expect(numbers.known).toBe(true)
  expect(baseOf(numbers.stamp({ sequence: 47, count: 1 }))).toBe(7)
})

test('behind the number 2^31 − 1 comes 0, also within a batch, and also after a failure', () => {
  const numbers = producer()
  numbers.stamp({ sequence: 0, count: LAST - 1 })
  numbers.stored(LAST - 1)
  expect(baseOf(numbers.stamp({ sequence: 1, count: 3 }))).toBe(LAST - 1)
  expect(baseOf(numbers.stamp({ sequence: 2, count: 2 }))).toBe(1)
  numbers.stored(3)
  numbers.rewind()
  expect(baseOf(numbers.stamp({ sequence: 2, count: 2 }))).toBe(1)
  const exactly = producer()
  exactly.stamp({ sequence: 0, count: LAST })
  exactly.stored(LAST)
  expect(baseOf(exactly.stamp({ sequence: 1, count: 1 }))).toBe(LAST)
  expect(baseOf(exactly.stamp({ sequence: 2, count: 1 }))).toBe(0)
})

test('after a failure the numbers begin behind the last acknowledged batch', () => {
  const numbers = producer()
  for (const sequence of [0, 1, 2]) numbers.stamp({ sequence, count: 1 })
  numbers.stored(1)
  numbers.rewind()
  expect([1, 2].map((sequence) => baseOf(numbers.stamp({ sequence, count: 1 })))).toEqual([1, 2])
})

test('the numbers of a batch that may be stored are for that batch only', () => {
  const numbers = producer()
  const stamp = numbers.stamp({ sequence: 0, count: 1 })
  numbers.rewind()
  expect(numbers.stamp({ sequence: 1, count: 1 })).toBeUndefined()
  expect(numbers.stamp({ sequence: 0, count: 1 })).toEqual(stamp)
})

test('a refusal frees the numbers, unless an earlier attempt may be stored', () => {
  for (const lost of [false, true]) {
    const numbers = producer()
    const stamp = numbers.stamp({ sequence: 0, count: 1 })
    if (stamp === undefined) throw new Error('the first batch gets numbers')
    if (lost) numbers.mayBeStored(stamp)
    numbers.rewind()
    numbers.stamp({ sequence: 0, count: 1 })
    numbers.refused(stamp)
    numbers.rewind()
    expect(baseOf(numbers.stamp({ sequence: 1, count: 1 }))).toBe(lost ? undefined : 0)
  }
})
