import { expect, test } from 'vitest'
import { deferred } from './deferred.js'
import { Refreshed } from './refreshed.js'

function aged(read: (time: number) => Promise<string>) {
  const clock = { now: 0, reads: 0 }
  const value = new Refreshed<string>({
    runtime: { monotonic: () => clock.now },
    maxAgeMs: 10_000,
    initial: 'unknown',
    read() {
      clock.reads++
      return read(clock.reads)
    },
  })
  return { clock, value }
}
const turn = () => new Promise(setImmediate)

test('what is old is read again in the background, for who asks next', async () => {
  const { clock, value } = aged(async (time) => `read ${time}`)
  expect(value.value).toBe('unknown')
  await turn()
  expect(value.value).toBe('read 1')
  clock.now = 10_000
  expect(value.value).toBe('read 1')
  await turn()
  expect([clock.reads, value.value]).toEqual([1, 'read 1'])
  clock.now = 10_001
  expect(value.value).toBe('read 1')
  await turn()
  expect(value.value).toBe('read 2')
})

test('several who ask at once share one read', async () => {
  const held = deferred<string>()
  const { clock, value } = aged(() => held.promise)
  const both = [value.refresh(), value.refresh()]
  void value.value
  held.resolve('read')
  await Promise.all(both)
  expect([clock.reads, value.value]).toEqual([1, 'read'])
  await value.refresh()
  expect(clock.reads).toBe(2)
})

test('a read that fails leaves the value, and is tried again', async () => {
  const { clock, value } = aged(async (time) => {
    if (time === 1) throw new Error('refused')
    return 'read'
  })
  await expect(value.refresh()).rejects.toThrow('refused')
  expect(value.value).toBe('unknown')
  await turn()
  expect([clock.reads, value.value]).toEqual([2, 'read'])
})
