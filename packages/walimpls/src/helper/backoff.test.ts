import { expect, test } from 'vitest'
import { backoffMs } from './backoff.js'

const longest = { random: () => 0 }

test('pauses double up to the longest, however many failures there were', () => {
  const pauses = [1, 2, 3, 4].map((failures) => backoffMs(longest, failures, { maxMs: 30 }))
  expect(pauses).toEqual([10, 20, 30, 30])
  expect(backoffMs(longest, 100_000)).toBe(5_000)
})

test('chance takes off as much as it may, and no more', () => {
  const half = { random: () => 0.5 }
  expect(backoffMs(half, 1, { firstMs: 100 })).toBe(75)
  expect(backoffMs(half, 1, { firstMs: 100, jitter: 0 })).toBe(100)
  expect(backoffMs(half, 3, { firstMs: 100, factor: 3, jitter: 1 })).toBe(450)
})
