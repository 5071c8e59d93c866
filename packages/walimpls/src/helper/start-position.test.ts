import { expect, test } from 'vitest'
import { numberIdCodec } from './number-id.js'
import { checkKept, keptRun, startValue } from './start-position.js'

const ids = numberIdCodec('test')
const from = (value: number) => ({ from: ids.of(value) })

test('where reading begins', () => {
  const bounds = { oldest: 40, next: 100 }
  expect(startValue(ids, 'oldest', bounds)).toBe(40)
  expect(startValue(ids, 'latest', bounds)).toBe(100)
  expect(startValue(ids, from(40), bounds)).toBe(40)
  expect(startValue(ids, from(99), bounds)).toBe(99)
  expect(startValue(ids, from(500), bounds)).toBe(500)
})

test('below the oldest one kept is truncated, and the error names that one', () => {
  for (const value of [39, 1, 0, -5]) {
    expect(() => startValue(ids, from(value), { oldest: 40, next: 100 })).toThrow(
      expect.objectContaining({ code: 'WAL_POSITION_TRUNCATED', oldest: ids.serialise(ids.of(40)) }),
    )
  }
  expect(() => checkKept(ids, 40, 41)).toThrow(expect.objectContaining({ oldest: '15' }))
  expect(() => checkKept(ids, 41, 41)).not.toThrow()
})

test('below the first one ever given out nothing is missing', () => {
  expect(startValue(ids, from(0), { oldest: 1, next: 10 })).toBe(1)
  expect(startValue(ids, from(-1), { first: 0, oldest: 0, next: 10 })).toBe(0)
  expect(() => startValue(ids, from(-1), { first: 0, oldest: 1, next: 10 })).toThrow('truncated')
})

test('a page is read up to its first hole, and a hole at its beginning is told with what lies behind it', () => {
  const page = (...values: number[]) => values.map((value) => ({ id: ids.of(value) }))
  const run = (wanted: number, next: number, ...values: number[]) =>
    keptRun(ids, { wanted, next }, page(...values)).map(({ id }) => id.value)
  expect(run(5, 8, 5, 6, 7)).toEqual([5, 6, 7])
  expect(run(5, 9, 5, 6, 8)).toEqual([5, 6])
  // This record was stored after the log's `next` had been read.
  expect(run(5, 6, 5, 6)).toEqual([5, 6])
  expect(run(5, 5)).toEqual([])
  const gone = (oldest: string | undefined) =>
    expect.objectContaining({ code: 'WAL_POSITION_TRUNCATED', oldest })
  expect(() => run(5, 8, 7)).toThrow(gone('7'))
  expect(() => run(5, 6)).toThrow(gone(undefined))
})

test('an id of another backend has no place here', () => {
  expect(() => startValue(ids, { from: numberIdCodec('other').of(3) }, { oldest: 1, next: 10 })).toThrow(
    expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }),
  )
})
