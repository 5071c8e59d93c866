import assert from 'node:assert/strict'
import { numberIdCodec } from '@wal/walimpls/helper'
import fc from 'fast-check'
import { test } from 'vitest'
import { formatLogPoint, parseLogPoint } from './log-point.js'
import { formatPosition, parsePosition } from './position.js'
import { movedTo } from './truncation-point.js'

const term = fc.maxSafeNat()
const incarnation = fc.stringMatching(/^[a-z0-9]{1,32}$/)
const timeTick = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

test('positions and truncation points come back as they were', () => {
  const parts = fc.record({
    backend: fc.constantFrom('memory', 'redis-streams'),
    logIdentity: incarnation,
    lastConfirmed: fc.oneof(
      fc.stringMatching(/^[!-~]{1,40}$/),
      fc.constantFrom('1-0', 'a:b:c', '%', '%3A', '∞'),
    ),
    writer: fc.record({ term, incarnation }),
    timeTick,
  })
  fc.assert(
    fc.property(parts, (each) => {
      const text = formatPosition(each)
      assert.deepEqual(parsePosition(text), { ...each, writer: { ...each.writer } })
      assert.match(text, /^[!-~]+$/)
    }),
  )
  const id = fc.stringMatching(/^[!-~]{1,40}$/)
  // Positions in another system's log, which has no identity, no incarnation and perhaps no term; and positions behind a gap.
  const foreign = fc.record({
    backend: fc.constant('memory'),
    logIdentity: fc.constant(''),
    lastConfirmed: id,
    writer: fc.record({ term: fc.oneof(term, fc.constant(-1)), incarnation: fc.constant('') }),
    timeTick,
  })
  const marked = fc.oneof(
    fc.tuple(foreign, id).map(([each, ownId]) => ({ ...each, ownId })),
    fc.oneof(foreign, parts).map((each) => ({ ...each, gap: true as const })),
  )
  fc.assert(
    fc.property(marked, (each) => {
      assert.deepEqual(parsePosition(formatPosition(each)), { ...each, writer: { ...each.writer } })
    }),
  )
  fc.assert(
    fc.property(fc.record({ id, writer: fc.record({ term, incarnation }), timeTick }), (each) => {
      const expected = { ...each, writer: { ...each.writer } }
      assert.deepEqual(parseLogPoint(formatLogPoint(each), 'point', 'here'), expected)
    }),
  )
})

test('what is no position is WAL_INVALID_ARGUMENT, a later format WAL_SPEC_UNSUPPORTED', () => {
  const invalid = { code: 'WAL_INVALID_ARGUMENT' }
  for (const bad of [
    undefined,
    5,
    {},
    '',
    'wal',
    'wal1',
    'wal1:::::::',
    'wal1:m:i:1:0:a',
    'wal1:m:i:1:0:a:1:',
    'wal1:m:i:1:0::1',
    'wal1:m:i::0:a:1',
    'wal1:m:i:%zz:0:a:1',
    'wal1:m:i:1:-1:a:1',
    'wal1:m:i:1:01:a:1',
    'wal1:m:i:1:9007199254740992:a:1',
    'wal1:m:i:1:0:A:1',
    'wal1:m:i:1:0:a b:1',
    'wal1:m:i:1:0:a:',
    'wal1:m:i:1:0:a:-1',
    'wal1:m:i:1:0:a:A',
    'wal1:m:i:1:0:a:01',
    'wal1:m:i:1:0:a:3w5e11264sgsg',
    ' wal1:m:i:1:0:a:1',
    'wal1:m:i:1:0:a:1:2',
    'wal1:m:i:1:-:a:1',
    'wal1:m:i:1:0:-:1',
    'wal1:m:-:1:0:-:1',
    'wal1:m:-:1:0:a:1:2',
    'wal1:m:-:1:0:-:1:',
    'wal1:m:-:1:0:-:1:%zz',
    'wal1:m:-:1:0:-:1:2:3',
    'append:wal1:m:i:1:0:a:1',
  ])
    assert.throws(() => parsePosition(bad), invalid, String(bad))
  assert.throws(() => parsePosition('wal2:anything'), { code: 'WAL_SPEC_UNSUPPORTED' })
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parsePosition(text)
      } catch (error) {
        assert.match((error as { code: string }).code, /^WAL_(INVALID_ARGUMENT|SPEC_UNSUPPORTED)$/)
      }
    }),
  )
  for (const bad of ['', '1 2 a', '1 x a 1', '1 0  1', '1 0 a 1 2', ' 0 a 1'])
    assert.throws(() => parseLogPoint(bad, 'point', 'the place'), {
      code: 'WAL_CORRUPT',
      message: /the place/,
    })
})

test('a truncation point that moves on keeps the id from which records are still kept', () => {
  const ids = numberIdCodec('memory')
  const writer = { term: 1, incarnation: 'w' }
  const before = { id: '5', writer, timeTick: 50n }
  // A message that was stored twice has a position that starts at an earlier record.
  assert.deepEqual(movedTo({ id: '3', writer, timeTick: 60n }, before, ids), {
    id: '5',
    writer,
    timeTick: 60n,
  })
  assert.deepEqual(movedTo({ id: '7', writer, timeTick: 60n }, before, ids), {
    id: '7',
    writer,
    timeTick: 60n,
  })
  assert.deepEqual(movedTo({ id: '3', writer, timeTick: 60n }, undefined, ids), {
    id: '3',
    writer,
    timeTick: 60n,
  })
})
