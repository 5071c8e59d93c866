import { expect, test } from 'vitest'
import { ReadableTicks } from './readable-ticks.js'

const RECORD = 1000
const TICK = 1
const messages = (...vchannels: string[]) =>
  vchannels.map((vchannel) => ({ vchannel, type: RECORD })) as never

test('a vchannel is readable up to its last acknowledged message', () => {
  const ticks = new ReadableTicks(10n)
  ticks.acknowledged(messages('a', 'a', 'b', 'a'), 11n)
  expect(ticks.of('a')).toBe(14n)
  expect(ticks.of('b')).toBe(13n)
  expect(ticks.of('never written')).toBe(10n)
  expect(ticks.of(undefined)).toBe(14n)
})

test('a message of every vchannel counts on each; a time tick only for the log', () => {
  const ticks = new ReadableTicks(10n)
  ticks.acknowledged(messages('a', ''), 11n)
  expect(ticks.of('a')).toBe(12n)
  expect(ticks.of('b')).toBe(12n)
  ticks.acknowledged([{ vchannel: '', type: TICK }] as never, 13n)
  expect(ticks.of('a')).toBe(12n)
  expect(ticks.of(undefined)).toBe(13n)
})

test('of very many vchannels the least recently written ones share a bound that is never too low', () => {
  const ticks = new ReadableTicks(0n, 2)
  ticks.acknowledged(messages('a', 'b', 'a', 'c'), 1n)
  expect(ticks.of('b')).toBe(2n)
  expect(ticks.of('a')).toBe(3n)
  expect(ticks.of('c')).toBe(4n)
})
