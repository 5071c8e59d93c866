import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { AppendTask } from '../message/append-task.js'
import { TaskQueue } from './task-queue.js'

const task = (bytes: number) => ({ bytes, state: 'queued' }) as AppendTask

test('first in, first out; settled ones are passed over, wherever they are', () => {
  const queue = new TaskQueue()
  const tasks = Array.from({ length: 20_000 }, (_, i) => task(i))
  for (const each of tasks) queue.push(each)
  for (const each of tasks) if (each.bytes % 3 !== 1) each.state = 'settled'
  const left = tasks.filter((each) => each.bytes % 3 === 1)
  assert.deepEqual(
    queue.toArray().map((each) => each.bytes),
    left.map((each) => each.bytes),
  )
  for (const each of left) {
    assert.equal(queue.peek(), each)
    assert.equal(queue.peek(), each)
    assert.equal(queue.shift(), each)
  }
  assert.equal(queue.peek(), undefined)
  assert.equal(queue.shift(), undefined)
  const last = task(1)
  queue.push(last)
  assert.equal(queue.shift(), last)
  assert.deepEqual(queue.toArray(), [])
})
