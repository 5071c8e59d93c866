import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import { millisecondsOf } from '../src/index.js'
import { cleanLogs, message, open, openReader, texts } from './harness.js'

cleanLogs()

function runtimeAt(offsetMs: number) {
  const runtime = { ...systemRuntime, offset: offsetMs, now: () => Date.now() + runtime.offset }
  return runtime
}

test('a log further ahead of the clock than maxClockAheadMs is refused and does not move the clock of other logs', async () => {
  const future = await open({ runtime: runtimeAt(3_600_000) })
  await future.append(message('from the future'))
  await future.close()
  await assert.rejects(open(), { code: 'WAL_CLOCK_AHEAD' })
  await assert.rejects(open({ maxClockAheadMs: 3_500_000 }), { code: 'WAL_CLOCK_AHEAD' })
  const other = await open({ channel: 'other' })
  const { timeTick } = await other.append(message('a'))
  assert.ok(Math.abs(millisecondsOf(timeTick) - Date.now()) < 60_000)
  // The open that was refused has fenced no writer, and the log can still be read.
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['from the future'])
})

test('a log ahead of the clock within maxClockAheadMs gets rising time ticks, at nine tenths of wall speed', async () => {
  const ahead = await open({ runtime: runtimeAt(300_000) })
  const last = await ahead.append(message('1'))
  const runtime = runtimeAt(0)
  const wal = await open({ runtime })
  const first = await wal.append(message('2'))
  assert.ok(first.timeTick > last.timeTick)
  runtime.offset += 10_000
  const later = await wal.append(message('3'))
  const gained = millisecondsOf(later.timeTick) - millisecondsOf(first.timeTick)
  assert.ok(gained >= 9_000 && gained < 10_000, String(gained))
})

test('time ticks go on rising when the wall clock steps back', async () => {
  const runtime = runtimeAt(0)
  const wal = await open({ runtime })
  const before = await wal.append(message('1'))
  runtime.offset = -500_000
  const after = await wal.append(message('2'))
  assert.ok(after.timeTick > before.timeTick)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1', '2'])
})

test('a wall clock that steps back and forth does not move the log into the future', async () => {
  const runtime = runtimeAt(0)
  const wal = await open({ runtime })
  for (let cycle = 0; cycle < 4; cycle++) {
    runtime.offset = -200_000
    await wal.append(message('x'))
    // A scanner moves the clock above every time tick that it reads.
    await texts(wal.read({ until: 'end' }))
    runtime.offset = 0
    const { timeTick } = await wal.append(message('x'))
    const lead = millisecondsOf(timeTick) - runtime.now()
    assert.ok(lead < 60_000, `${lead} ms ahead after cycle ${cycle}`)
  }
  await wal.close()
  await open({ runtime: runtimeAt(0) })
})
