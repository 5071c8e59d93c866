import { expect, test } from 'vitest'
import { deferred } from './deferred.js'
import { ReadAhead } from './read-ahead.js'

test('a page is given once, to who asks for its place', async () => {
  const ahead = new ReadAhead<number>()
  expect(ahead.take('1')).toBe(undefined)
  ahead.begin('1', Promise.resolve(7))
  expect(await ahead.take('1')).toBe(7)
  expect(ahead.take('1')).toBe(undefined)
})

test('a page of another place is dropped', () => {
  const ahead = new ReadAhead<number>()
  ahead.begin('1', Promise.resolve(7))
  expect(ahead.take('2')).toBe(undefined)
  expect(ahead.take('1')).toBe(undefined)
})

test('a failure comes out when the page is taken, and is reported to nobody else', async () => {
  const ahead = new ReadAhead<number>()
  ahead.begin('1', Promise.reject(new Error('lost')))
  await new Promise(setImmediate)
  await expect(ahead.take('1')).rejects.toThrow('lost')
})

test('drop waits for what is on its way, however that ends', async () => {
  const ahead = new ReadAhead<number>()
  const held = deferred<number>()
  ahead.begin('1', held.promise)
  let dropped = false
  const dropping = ahead.drop().then(() => {
    dropped = true
  })
  await new Promise(setImmediate)
  expect([dropped, ahead.take('1')]).toEqual([false, undefined])
  held.reject(new Error('lost'))
  await dropping
})
