import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { AppendTask } from '../message/append-task.js'
import { Admission } from './admission.js'

const task = (bytes: number) => ({ charged: bytes, state: 'waiting' }) as AppendTask

test('what fits enters at once, what does not waits its turn, in order', () => {
  const admission = new Admission(100, 1000)
  const [a, b, c, d] = [task(60), task(60), task(10), task(30)]
  assert.equal(admission.admit(a), true)
  assert.equal(admission.admit(b), false)
  assert.equal(admission.admit(c), false, 'it would fit, but must not overtake')
  assert.equal(admission.admit(d), false)
  assert.deepEqual([admission.usedBytes, admission.waitingBytes], [60, 100])
  assert.equal(admission.next(), undefined)
  admission.release(60)
  assert.deepEqual(
    [admission.next(), admission.next(), admission.next(), admission.next()],
    [b, c, d, undefined],
  )
  assert.deepEqual([admission.usedBytes, admission.waitingBytes], [100, 0])
  assert.ok([a, b, c, d].every((each) => each.state === 'queued'))
})

test('one larger than the budget goes alone', () => {
  const admission = new Admission(100, 0)
  assert.equal(admission.hasRoom(500), true)
  assert.equal(admission.admit(task(500)), true)
  assert.equal(admission.hasRoom(1), false)
  admission.check(500)
  assert.equal(admission.admit(task(500)), false)
  assert.throws(() => admission.check(1), {
    code: 'WAL_RATE_LIMITED',
    outcome: 'not-written',
    retryable: true,
  })
  admission.release(500)
  assert.equal(admission.next()?.charged, 500)
})

test('one that gave up waiting is passed over, and its bytes are free', () => {
  const admission = new Admission(100, 100)
  admission.admit(task(100))
  const [gone, stays] = [task(90), task(10)]
  admission.admit(gone)
  admission.admit(stays)
  assert.throws(() => admission.check(1), { code: 'WAL_RATE_LIMITED' })
  gone.state = 'settled'
  admission.abandon(gone)
  admission.check(90)
  assert.deepEqual(admission.waiting(), [stays])
  admission.release(100)
  assert.equal(admission.next(), stays)
})

test('what is held outside counts against both bounds, but does not block who enters', () => {
  const admission = new Admission(100, 50)
  admission.bytesHeldByInterceptors = 100
  assert.equal(admission.hasRoom(1), false)
  assert.throws(() => admission.check(1), { code: 'WAL_RATE_LIMITED' })
  assert.equal(admission.admit(task(100)), true)
})
