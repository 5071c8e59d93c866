import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import { millisecondsOf, timeTickOf } from '../src/index.js'
import { cleanLogs, faulty, isPending, message, open, texts, turn, within } from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const DAY = 86_400_000

/** A runtime whose wall clock stands still, so that time ticks can be compared with it. */
const stopped = (now = Date.now()) => ({ ...systemRuntime, now: () => now })

test('H13: an append with a barrier waits until everything up to the barrier is confirmed, and gets a greater time tick', async () => {
  const backend = faulty()
  const runtime = stopped()
  const wal = await open({ builder: backend.builder, runtime, timeTickMs: 60_000 })
  const { timeTick: past } = await wal.append(message('0'))
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const inFlight = wal.append(message('1'))
  await turn()
  // The barrier lies above the time ticks that are in flight, and ahead of the wall clock.
  const barrierTimeTick = timeTickOf(runtime.now() + 1000)
  const waiting = wal.append(message('2', { vchannel: 'a' }), { barrierTimeTick })
  const behind = wal.append(message('3', { vchannel: 'a' }))
  assert.equal(await isPending(waiting), true)
  backend.letGo()
  const { timeTick: before } = await within(inFlight)
  assert.ok(before <= barrierTimeTick)
  const { timeTick } = await within(waiting)
  assert.ok(timeTick > barrierTimeTick)
  assert.ok((await within(behind)).timeTick > timeTick, 'un-awaited appends keep their order around it')
  assert.ok((await wal.append(message('4'))).timeTick > barrierTimeTick, 'the clock has passed it for all')
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['0', '1', '2', '3', '4'])
  assert.ok(past < before)
})

test('H13: an append with a barrier in the past does not wait for appends in flight above the barrier', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const { timeTick: past } = await wal.append(message('0'))
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const inFlight = wal.append(message('1'))
  await turn()
  const append = wal.append(message('2', { vchannel: 'a' }), { barrierTimeTick: past })
  await turn()
  // If the append with the barrier waited, this append would be stored first.
  const behind = wal.append(message('3', { vchannel: 'b' }))
  backend.letGo()
  await within(Promise.all([inFlight, append, behind]))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['0', '1', '2', '3'])
})

test('H13: a deadline or an abort ends the wait for a barrier, and the message is not written', async () => {
  const backend = faulty()
  const runtime = stopped()
  const wal = await open({ builder: backend.builder, runtime, timeTickMs: 60_000 })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const inFlight = wal.append(message('1'))
  await turn()
  const barrierTimeTick = timeTickOf(runtime.now() + 60_000)
  const controller = new AbortController()
  const { signal } = controller
  const aborted = wal.append(message('2'), { barrierTimeTick, signal })
  await assert.rejects(
    within(wal.append(message('3', { vchannel: 'b' }), { barrierTimeTick, timeoutMs: 20 })),
    {
      code: 'WAL_TIMEOUT',
      outcome: 'not-written',
    },
  )
  controller.abort(new Error('enough'))
  await assert.rejects(within(aborted), { message: 'enough' })
  backend.letGo()
  await within(inFlight)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1'])
})

test('an append with a barrier too far ahead is refused, is not written and moves no clock', async () => {
  const runtime = stopped()
  const wal = await open({ runtime, maxClockAheadMs: 1000 })
  const append = wal.append(message('1'), { barrierTimeTick: timeTickOf(runtime.now() + DAY) })
  await assert.rejects(within(append), { code: 'WAL_CLOCK_AHEAD', outcome: 'not-written' })
  const { timeTick } = await wal.append(message('2'))
  assert.ok(millisecondsOf(timeTick) <= runtime.now() + 1000)
  for (const barrierTimeTick of [-1n, 1n << 64n, 5, '5'])
    await assert.rejects(wal.append(message('3'), { barrierTimeTick: barrierTimeTick as bigint }), {
      code: 'WAL_INVALID_ARGUMENT',
      message: /barrierTimeTick/,
    })
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['2'])
})

test('the barrier is stored with the record and is not in the delivered message', async () => {
  const wal = await open({ runtime: stopped() })
  const properties = new Map([['mine', '1']])
  await wal.append(message('1', { properties }), { barrierTimeTick: 36n })
  await wal.appendBatch([message('2')], { barrierTimeTick: 37n })
  for await (const _ of wal.appendAll([message('3')], { barrierTimeTick: 38n }));
  const log = await rawLog()
  const barriers = (await log.all())
    .map((record) => log.property(record, '_btt'))
    .filter((text) => text !== '')
  assert.deepEqual(barriers, ['10', '11', '12'])
  for await (const each of wal.read({ until: 'end' }))
    assert.ok([...each.properties.keys()].every((key) => key === 'mine'))
})
