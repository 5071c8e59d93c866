import { expect, test } from 'vitest'
import { deferred } from './deferred.js'
import { Turns } from './turns.js'

test('one begins when the one before has settled, also when that failed', async () => {
  const turns = new Turns()
  const held = deferred()
  const begun: string[] = []
  const first = turns.run(async () => {
    begun.push('first')
    await held.promise
  })
  const second = turns.run(async () => {
    begun.push('second')
    return 2
  })
  await Promise.resolve()
  await Promise.resolve()
  expect(begun).toEqual(['first'])
  held.reject(new Error('first failed'))
  await expect(first).rejects.toThrow('first failed')
  expect(await second).toBe(2)
})

test('settled waits for all that was handed in, and does not reject', async () => {
  const turns = new Turns()
  const held = deferred()
  turns.run(() => held.promise).catch(() => {})
  let settled = false
  const settling = turns.settled().then(() => {
    settled = true
  })
  await new Promise(setImmediate)
  expect(settled).toBe(false)
  held.reject(new Error('failed'))
  await settling
})
