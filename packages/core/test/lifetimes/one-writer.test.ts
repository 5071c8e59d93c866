import assert from 'node:assert/strict'
import { memoryBuilder, resetMemory } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { onTestFinished, test, vi } from 'vitest'
import { openWal, type WAL, type WalError } from '../../src/index.js'
import type { OpenWalOptions } from '../../src/open.js'
import { processWriters } from '../../src/writer/process-writers.js'
import {
  cleanLogs,
  faulty,
  isPending,
  message,
  open,
  openReader,
  pause,
  SMALL,
  texts,
  within,
} from '../harness.js'

cleanLogs()

/** One process: a runtime, and the WALs that are open in it. */
function process() {
  const runtime = { ...systemRuntime }
  const openHere = (options: Partial<OpenWalOptions> = {}): Promise<WAL> => open({ runtime, ...options })
  return { runtime, open: openHere, writers: processWriters(runtime) }
}

test('a second open of a log closes the first WAL, whose appends are stored, whose readers end and whose signal says why', async () => {
  const here = process()
  const first = await here.open()
  const loop = texts(first.read())
  const appends = ['1', '2', '3'].map((each) => first.append(message(each)))
  const second = await here.open()
  await within(Promise.all(appends))
  await within(loop)
  const reason = first.signal.reason as WalError
  assert.equal(reason.code, 'WAL_CLOSED')
  assert.match(reason.message, /opened the log for writing again, at term 1/)
  await assert.rejects(first.append(message('late')), { code: 'WAL_CLOSED', outcome: 'not-written' })
  await assert.rejects(first.barrier(), { message: reason.message })
  assert.throws(() => first.read(), { code: 'WAL_CLOSED' })
  await within(first.close())
  await second.append(message('4'))
  assert.deepEqual(await texts(second.read({ until: 'end' })), ['1', '2', '3', '4'])
  assert.equal(here.writers.size, 1)
  await second.close()
  assert.equal(here.writers.size, 0)
})

test('the first WAL is closed before the second takes the fence, so none of its appends is fenced or unknown', async () => {
  const here = process()
  const backend = faulty()
  const first = await here.open({ builder: backend.builder, closeTimeoutMs: 20_000 })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const append = first.append(message('in flight'))
  const opening = here.open()
  assert.equal(await isPending(opening, 50), true)
  await assert.rejects(first.append(message('late')), { code: 'WAL_CLOSED', outcome: 'not-written' })
  backend.letGo()
  assert.equal((await within(append)).timeTick > 0n, true)
  const second = await within(opening)
  assert.deepEqual(await texts(second.read({ until: 'end' })), ['in flight'])
})

test('when the first WAL cannot close in its time, the second opens and fences it', async () => {
  const here = process()
  const backend = faulty()
  const first = await here.open({ builder: backend.builder, closeTimeoutMs: 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const append = first.append(message('never'))
  append.catch(() => {})
  const second = await within(here.open(), 20_000)
  await assert.rejects(append, { code: 'WAL_CLOSED', outcome: 'unknown' })
  await second.append(message('goes on'))
  backend.letGo()
  await within(first.close())
  assert.deepEqual(await texts(second.read({ until: 'end' })), ['goes on'])
  assert.equal(here.writers.size, 1)
})

test('a second open that is refused, for a lower term or a clock too far ahead, does not affect the first WAL', async () => {
  const here = process()
  const first = await here.open({ term: 5, maxClockAheadMs: 10_000_000 })
  await assert.rejects(here.open({ term: 4 }), { code: 'WAL_FENCED' })
  await first.append(message('still the writer'))
  const behind = { ...systemRuntime, now: () => Date.now() - 5_000_000 }
  await assert.rejects(here.open({ runtime: behind }), { code: 'WAL_CLOCK_AHEAD' })
  await first.append(message('still'))
  // An open at the same term is allowed, and the later one wins.
  const again = await here.open({ term: 5 })
  await assert.rejects(first.append(message('x')), { code: 'WAL_CLOSED' })
  await again.append(message('its successor'))
})

test('a writer in another process is fenced, not closed', async () => {
  const first = await process().open()
  const second = await process().open()
  await assert.rejects(first.append(message('x')), { code: 'WAL_FENCED' })
  await second.append(message('1'))
  assert.deepEqual(await texts(first.read({ until: 'end' })), ['1'])
})

test('a log is recognised by its identity and place: also through another URL or builder, but not in another store', async () => {
  const here = process()
  const first = await here.open()
  const elsewhere = await openWal('memory:another', { channel: 'log', runtime: here.runtime, ...SMALL })
  onTestFinished(() => elsewhere.close())
  const other = await here.open({ channel: 'other' })
  await first.append(message('1'))
  const same = await openWal('memory:default?maxRecordBytes=4096', {
    channel: 'log',
    runtime: here.runtime,
    builder: memoryBuilder(),
    ...SMALL,
  })
  onTestFinished(() => same.close())
  await assert.rejects(first.append(message('x')), { code: 'WAL_CLOSED' })
  for (const wal of [elsewhere, other, same]) await wal.append(message('2'))
})

test('a WAL opened by another copy of the package is closed as well', async () => {
  vi.resetModules()
  onTestFinished(() => void vi.resetModules())
  const copy = await import('../../src/index.js')
  assert.notEqual(copy.openWal, openWal)
  const theirs = await copy.openWal('memory:', { channel: 'log', ...SMALL })
  const ours = await openWal('memory:', { channel: 'log', ...SMALL })
  assert.equal(theirs.signal.reason.code, 'WAL_CLOSED')
  await assert.rejects(theirs.append(message('x')), { code: 'WAL_CLOSED' })
  await ours.append(message('1'))
  const again = await copy.openWal('memory:', { channel: 'log', ...SMALL })
  assert.equal(ours.signal.reason.code, 'WAL_CLOSED')
  await again.append(message('2'))
  assert.deepEqual(await texts(again.read({ until: 'end' })), ['1', '2'])
  await again.close()
  assert.equal(processWriters(systemRuntime).size, 0)
})

test.each(['next', 'explicit'])(
  'of ten opens of a new log at once, with %s terms, one writer is left',
  async (terms) => {
    for (let round = 0; round < 5; round++) {
      const here = process()
      const backend = faulty()
      let calls = 0
      // The delay makes the looks and opening records of several opens overlap.
      backend.plan = { script: { append: () => (calls++ % 3 === 0 ? 'delay' : undefined) } }
      const channel = `race-${round}`
      const openings = Array.from({ length: 10 }, (_, i) =>
        here.open({ channel, builder: backend.builder, ...(terms === 'next' ? {} : { term: 1 + (i % 5) }) }),
      )
      const outcomes = await within(Promise.allSettled(openings), 30_000)
      const wals = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      for (const each of outcomes)
        if (each.status === 'rejected') assert.equal(each.reason.code, 'WAL_FENCED')
      assert.equal(here.writers.size, 1)
      const results = await Promise.allSettled(
        wals.map((wal) => wal.append(message(String(wal.channel.term)))),
      )
      const written = wals.filter((_, i) => results[i]?.status === 'fulfilled')
      assert.equal(written.length, 1)
      assert.ok(wals.every((wal) => wal.signal.aborted === (wal !== written[0])))
      const reader = await openReader({ channel })
      assert.deepEqual(await texts(reader.read({ until: 'end' })), [String(written[0]?.channel.term)])
    }
  },
  120_000,
)

test('an open that read the log before another one created it closes that other WAL when it is done', async () => {
  const here = process()
  const backend = faulty()
  let other: Promise<WAL> | undefined
  const openOther = () => {
    other ??= here.open({ term: 1 })
    return { until: other }
  }
  backend.plan = { script: { open: openOther } }
  const later = await here.open({ term: 2, builder: backend.builder })
  assert.equal((await other)?.signal.reason?.code, 'WAL_CLOSED')
  await later.append(message('1'))
  assert.equal(here.writers.size, 1)
})

test('no process-wide entry stays when its WAL was closed, fenced or lost', async () => {
  const here = process()
  const closed = await here.open()
  await closed.close()
  assert.equal(here.writers.size, 0)

  const fenced = await here.open()
  assert.equal(here.writers.size, 1)
  await process().open()
  await assert.rejects(fenced.append(message('x')), { code: 'WAL_FENCED' })
  assert.equal(here.writers.size, 0)

  const lost = await here.open({ channel: 'lost' })
  resetMemory()
  await assert.rejects(lost.append(message('x')), { code: 'WAL_CHANNEL_NOT_FOUND' })
  for (let i = 0; i < 2000 && here.writers.size > 0; i++) await pause(5)
  assert.equal(here.writers.size, 0)
})

test('the clock does not go back with the wall clock when the log is opened again', async () => {
  const hour = 3_600_000
  const first = await open()
  const { timeTick } = await first.append(message('1'))
  await first.close()
  // This process starts after the machine's clock was set back by three hours.
  const runtime = { ...systemRuntime, now: () => Date.now() - 3 * hour }
  await assert.rejects(open({ runtime, maxClockAheadMs: 2 * hour }), { code: 'WAL_CLOCK_AHEAD' })
  const unharmed = await open({ runtime, channel: 'other' })
  const apart = (await unharmed.append(message('a'))).timeTick
  assert.ok(apart < timeTick)
  let last = timeTick
  for (let i = 0; i < 3; i++) {
    const again = await open({ runtime, maxClockAheadMs: 4 * hour })
    const result = await again.append(message(String(2 + i)))
    assert.ok(result.timeTick > last)
    last = await again.barrier()
    assert.ok(last > result.timeTick)
    await again.close()
  }
  // A process has one clock, so its other logs get higher time ticks too.
  assert.ok((await unharmed.append(message('b'))).timeTick > last)
})
