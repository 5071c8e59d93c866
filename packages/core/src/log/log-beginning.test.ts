import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import type { MessageIdCodec } from '@wal/walimpls'
import { test } from 'vitest'
import { LogBeginning } from './log-beginning.js'
import type { TruncationPoint } from './truncation-point.js'

const ids = memoryBuilder().messageIds as MessageIdCodec
const point = (n: number): TruncationPoint => ({
  id: String(n),
  writer: { term: 0, incarnation: 'a' },
  timeTick: BigInt(n),
})
const [one, two, three] = [point(1), point(2), point(3)]

test('a point is said by the truncation’s own time tick alone until that one is sent', () => {
  const beginning = new LogBeginning(one, ids)
  const own = beginning.say(two)
  const other = beginning.say()
  assert.deepEqual([own.now(), other.now()], [two, one])
  own.sent()
  assert.deepEqual(other.now(), two)
  own.stored()
  assert.deepEqual([beginning.stored, beginning.irrevocable], [two, two])
})

test('a time tick that was certainly not stored leaves its point to nobody, unless another one said it too', () => {
  const beginning = new LogBeginning(one, ids)
  const own = beginning.say(two)
  own.sent()
  const other = beginning.say()
  other.sent()
  own.failed(false)
  assert.equal(beginning.mayBeginAt(two), true)
  assert.deepEqual(beginning.irrevocable, one)
  other.failed(false)
  assert.equal(beginning.mayBeginAt(two), false)
  assert.deepEqual(beginning.say().now(), one)
})

test('what a time tick says that may be stored is said by all that follow, and is not taken for stored', () => {
  const beginning = new LogBeginning(one, ids)
  const own = beginning.say(two)
  own.sent()
  own.failed(true)
  assert.deepEqual([beginning.stored, beginning.irrevocable], [one, two])
  assert.deepEqual(beginning.say().now(), two)
})

test('two that are given up before they are sent leave no trace, in whatever order', () => {
  const beginning = new LogBeginning(undefined, ids)
  const [first, second] = [beginning.say(two), beginning.say(three)]
  first.failed(false)
  second.failed(false)
  assert.equal(beginning.say().now(), undefined)
  assert.equal(beginning.mayBeginAt(two), false)
})

test('a time tick never says less than an earlier one, nor frees less', () => {
  const beginning = new LogBeginning(undefined, ids)
  beginning.say(three).sent()
  assert.deepEqual(beginning.say(two).now(), three)
  // The position of a message that was stored twice may start at an earlier id, although its time tick is greater.
  assert.deepEqual(beginning.say({ ...point(4), id: '2' }).now(), { ...point(4), id: '3' })
})
