import { expect, test } from 'vitest'
import { deferred } from './deferred.js'

test('the first call decides', async () => {
  const resolved = deferred<string>()
  resolved.resolve('one')
  resolved.reject(new Error('late'))
  expect(await resolved.promise).toBe('one')
  const rejected = deferred()
  rejected.reject(new Error('first'))
  rejected.resolve()
  await expect(rejected.promise).rejects.toThrow('first')
})

test('it may be settled by another promise', async () => {
  const first = deferred<number>()
  const second = deferred<number>()
  second.resolve(first.promise)
  first.resolve(7)
  expect(await second.promise).toBe(7)
})
