import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import type { MessageId, MessageIdCodec, TimeTick } from '@wal/walimpls'
import { test } from 'vitest'
import type { LogRecord } from '../log/log-record.js'
import { LogReading } from './log-reading.js'
import type { ReadContext } from './read-context.js'
import type { OwnPlan } from './read-plan.js'

const ids = memoryBuilder().messageIds as MessageIdCodec
const writer = { term: 2, incarnation: 'b' }
const context = { ids, where: 'a log' } as unknown as ReadContext

/** A record whose id is `number`. Its time tick is ten times that number unless `parts` says otherwise. */
function record(number: number, parts: Partial<LogRecord> = {}): LogRecord {
  const id = ids.parse(String(number)) as MessageId
  return { id, timeTick: BigInt(number * 10), type: 1000, ...writer, opening: false, ...parts } as LogRecord
}

/**
 * A reader in a log of this library that resumes behind the message with this time tick, and starts to read at an earlier
 * record.
 */
function resumed(timeTick: TimeTick): LogReading {
  const known = { writer, timeTick }
  const range = { start: 'oldest', until: undefined, logIdentity: 'l' } as const
  const plan: OwnPlan = { kind: 'own', ...range, known, resumed: { ...known, id: record(5).id } }
  return new LogReading(context, plan, { isForeign: false, assembles: true, deliverLate: false })
}

const ticks = (records: readonly LogRecord[]) => records.map((each) => Number(each.timeTick))

test('records below a position count, and what is delivered lies above it', () => {
  const reading = resumed(80n)
  const counted = reading.count([5, 6, 7, 8, 9].map((number) => record(number)))
  assert.deepEqual(ticks(counted), [50, 60, 70, 80, 90])
  assert.deepEqual(ticks(reading.assemble(counted)), [90])
  assert.deepEqual([reading.timeTick, reading.bookmark.sought], [90n, undefined])
  const next = [record(10)]
  assert.equal(reading.assemble(reading.count(next)), next, 'a run of which all counts is not copied')
})

test('void records and second copies do not count, below a position either', () => {
  const reading = resumed(80n)
  const records = [
    record(5),
    record(6, { incarnation: 'a' }),
    record(7, { timeTick: 50n }),
    record(8),
    record(9, { term: 1 }),
    record(10),
  ]
  assert.deepEqual(ticks(reading.count(records)), [50, 80, 100])
  assert.deepEqual({ ...reading.passedOver }, { voids: 2, duplicates: 1 })
})

test('a stage that can’t go on ends the reader behind what came before', () => {
  const reading = resumed(80n)
  // A record without incarnation comes from another system.
  const records = [record(8), record(9), record(10, { incarnation: '' }), record(11)]
  assert.deepEqual(ticks(reading.assemble(reading.count(records))), [90])
  assert.match(String(reading.ended?.error), /WAL_SPEC_UNSUPPORTED|written by another system/)
  assert.equal(reading.timeTick, 90n)
})

test('behind a gap that a truncation made, only what lies above the truncation point is delivered', () => {
  const reading = resumed(80n)
  reading.assemble(reading.count([record(8)]))
  reading.passGap({ writer, timeTick: 120n })
  assert.deepEqual(ticks(reading.assemble(reading.count([record(12), record(13)]))), [130])
})
