import { expect, test } from 'vitest'
import { Permits } from './permits.js'

const entry = (bytes: number, count = 1) => ({ bytes, count })

test('the first permit is for one message, and no other follows before an entry has come', () => {
  const permits = new Permits(1024)
  expect(permits.more(0)).toBe(1)
  expect(permits.more(0)).toBe(0)
})

test('permits double, up to the share of the largest entry seen', () => {
  const permits = new Permits(1000)
  const seen: number[] = []
  for (let i = 0; i < 40; i++) {
    const more = permits.more(0)
    if (more > 0) seen.push(more)
    permits.spend(entry(100))
  }
  // Outstanding are one, two, four and eight, then ten. They are renewed when half of them have come.
  expect(seen.slice(0, 6)).toEqual([1, 2, 3, 6, 6, 5])
  expect(Math.max(...seen)).toBe(6)
})

test('what is held leaves less room, and a full reader permits nothing', () => {
  const permits = new Permits(1000)
  permits.more(0)
  permits.spend(entry(500))
  expect(permits.more(1000)).toBe(0)
  expect(permits.more(501)).toBe(0)
  expect(permits.more(500)).toBe(1)
})

test('a small entry behind a large one lets no more come than before', () => {
  const permits = new Permits(1000)
  for (let i = 0; i < 10; i++) {
    permits.more(0)
    permits.spend(entry(500))
  }
  permits.spend(entry(1))
  permits.spend(entry(1))
  expect(permits.more(0)).toBeLessThanOrEqual(4)
})

test('a reader that holds nothing takes one entry that is larger than its share', () => {
  const permits = new Permits(1000)
  permits.more(0)
  permits.spend(entry(5000))
  expect(permits.more(5000)).toBe(0)
  expect(permits.more(0)).toBe(1)
})

test('an entry of many messages takes more than was permitted, and the rest is given back', () => {
  const permits = new Permits(1_000_000)
  permits.more(0)
  permits.spend(entry(100, 1000))
  // 999 below zero, and two outstanding from now on.
  expect(permits.more(0)).toBe(1001)
})

test('never more permits are outstanding than a broker can use at once', () => {
  const permits = new Permits(Number.MAX_SAFE_INTEGER)
  let outstanding = 0
  let most = 0
  for (let i = 0; i < 10_000; i++) {
    outstanding += permits.more(0)
    most = Math.max(most, outstanding)
    permits.spend(entry(1))
    outstanding--
  }
  expect(most).toBe(128)
})
