import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'vitest'
import { handOver } from './hand-over.js'

function making() {
  let make: (made: string) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const promise = new Promise<string>((resolve, reject) => {
    make = resolve
    fail = reject
  })
  const controller = new AbortController()
  const released: string[] = []
  const { given, ended } = handOver(promise, controller.signal, async (made) => void released.push(made))
  given.catch(() => {})
  return { make, fail, controller, given, ended, released }
}

test('what is made goes to who waits, and stays theirs when the signal aborts later', async () => {
  const { make, controller, given, ended, released } = making()
  make('log')
  await ended
  controller.abort(new Error('late'))
  assert.equal(await given, 'log')
  assert.deepEqual(released, [])
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test.each(['before', 'after'])(
  'given up (%s it was made, but before anybody had it), it is released',
  async (when) => {
    const { make, controller, given, ended, released } = making()
    if (when === 'after') make('log')
    controller.abort(new Error('enough'))
    await assert.rejects(given, { message: 'enough' })
    make('log')
    await ended
    assert.deepEqual(released, ['log'])
  },
)

test('a failure is told, and ends it', async () => {
  const { fail, given, ended, released } = making()
  fail(new Error('broken'))
  await assert.rejects(given, { message: 'broken' })
  await ended
  assert.deepEqual(released, [])
})
