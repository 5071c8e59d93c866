import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import { AppendError, type WAL } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, pause, texts, turn, within } from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

test('G6 an open at a lower term is WAL_FENCED and ends no writer, an open at a higher term takes over', async () => {
  const five = await open({ term: 5 })
  await assert.rejects(open({ term: 4 }), { code: 'WAL_FENCED' })
  await five.append(message('still the writer'))
  const seven = await open({ term: 7 })
  assert.equal(seven.channel.term, 7)
  await assert.rejects(five.append(message('x')), { code: 'WAL_FENCED', outcome: 'not-written' })
  assert.equal((await open()).channel.term, 8)
})

test('G6 a lower term is refused before the backend is opened for writing, so no fence is taken', async () => {
  const backend = faulty()
  await open({ term: 5 })
  let opens = 0
  const script = { open: () => void opens++ }
  backend.plan = { script: script as object }
  await assert.rejects(open({ term: 4, builder: backend.builder }), { code: 'WAL_FENCED' })
  assert.equal(opens, 0)
})

test('G6 a writer whose fence was taken looks twice, and does not take it back from a writer that opens in between', async () => {
  const backend = faulty()
  const held: (() => void)[] = []
  const runtime = {
    ...systemRuntime,
    setTimeout(run: () => void, ms: number, options?: { background?: boolean }) {
      // This is the wait between the two reads of the log's end. No other wait of this test is as long.
      if (ms < 50 || ms > 150) return systemRuntime.setTimeout(run, ms, options)
      held.push(run)
      return { clear() {} }
    },
  }
  const older = await open({ builder: backend.builder, runtime, timeTickMs: 60_000 })
  let opens = 0
  const script = { open: () => void opens++, append: { 1: 'fence' } }
  backend.plan = { script: script as object }
  const late = assert.rejects(older.append(message('late')), { code: 'WAL_FENCED' })
  while (held.length === 0) await pause(1)
  const newer = await open()
  for (const run of held) run()
  await within(late)
  assert.equal(opens, 0)
  await newer.append(message('still the writer'))
})

test('G6 of two opens at one term the later wins', async () => {
  const first = await open({ term: 3 })
  await first.append(message('1'))
  const second = await open({ term: 3 })
  await assert.rejects(first.append(message('x')), { code: 'WAL_FENCED' })
  await second.append(message('2'))
  const third = await open({ term: 3 })
  await assert.rejects(second.append(message('x')), { code: 'WAL_FENCED' })
  await third.append(message('3'))
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['1', '2', '3'])
})

test('G6 of ten opens that race for the next term, five times, no two keep the same one, and the last writer can append', async () => {
  for (let round = 0; round < 5; round++) {
    const backend = faulty()
    let calls = 0
    // The delay makes several opens read the log's end, and store their opening records, at the same time.
    backend.plan = { script: { append: () => (calls++ % 3 === 0 ? 'delay' : undefined) } }
    const channel = `race-${round}`
    const openings = Array.from({ length: 10 }, () => open({ channel, builder: backend.builder }))
    const outcomes = await within(Promise.allSettled(openings), 20_000)
    const wals: WAL[] = []
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') wals.push(outcome.value)
      else assert.equal(outcome.reason.code, 'WAL_FENCED')
    }
    const terms = wals.map((wal) => wal.channel.term)
    assert.equal(new Set(terms).size, terms.length, `terms ${terms}`)
    const results = await Promise.allSettled(wals.map((wal) => wal.append(message(String(wal.channel.term)))))
    const written = wals.filter((_, i) => results[i]?.status === 'fulfilled').map((wal) => wal.channel.term)
    assert.deepEqual(written, [Math.max(...terms)])
    const reader = await openReader({ channel })
    assert.deepEqual(await texts(reader.read({ until: 'end' })), written.map(String))
  }
}, 30_000)

test('G6 an open rejects with WAL_FENCED at once when a writer of a higher term opens during it', async () => {
  const backend = faulty()
  backend.plan = {
    script: { open: ({ number }) => (number === 1 ? { until: open({ term: 9 }) } : undefined) },
  }
  const opening = open({ term: 2, builder: backend.builder, openTimeoutMs: 20_000 })
  await assert.rejects(within(opening, 5000), { code: 'WAL_FENCED' })
  await pause(1)
  assert.equal(backend.openLogs, 0)
})

test('G6 a message that an older writer appends during an open has a lower time tick than the newer writer’s first message', async () => {
  const backend = faulty()
  const older = await open()
  let late: Promise<unknown> | undefined
  backend.plan = {
    script: {
      // This happens after the open has read the log's end and before it stores its opening record.
      open() {
        late ??= Promise.all([older.append(message('late 1')), older.append(message('late 2'))])
        return { until: late }
      },
    },
  }
  const newer = await open({ builder: backend.builder })
  await newer.append(message('new'))
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['late 1', 'late 2', 'new'])
})

test('G6 a time tick of the older writer that is ahead during an open moves the clock, and a second opening record follows', async () => {
  const backend = faulty()
  const older = await open()
  await older.append(message('a'))
  const raw = await rawLog()
  const ahead = BigInt(Date.now() + 60_000) << 18n
  const appendAhead = () => raw.append(raw.record({ payload: 'ahead', timeTick: ahead }))
  backend.plan = { script: { open: ({ number }) => (number === 1 ? { until: appendAhead() } : undefined) } }
  const newer = await open({ builder: backend.builder })
  const { timeTick } = await newer.append(message('b'))
  assert.ok(timeTick > ahead)
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['a', 'ahead', 'b'])
})

test('G6 when a writer is fenced without a newer writer in the log, it goes on and none of its appends fails', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  const loop = texts(wal.read(), 20)
  for (let i = 0; i < 20; i++) {
    if (i % 7 === 3) backend.plan = { script: { append: { 1: 'fence' } } }
    await within(wal.append(message(String(i))))
  }
  assert.equal(backend.counts.fence, 3)
  assert.equal(wal.signal.aborted, false)
  assert.deepEqual(
    await within(loop),
    Array.from({ length: 20 }, (_, i) => String(i)),
  )
})

test('a reader in catch-up goes on when its log is opened again', async () => {
  const backend = faulty()
  // The buffer keeps nothing, so the reader stays in catch-up.
  const wal = await open({ builder: backend.builder, bufferAgeMs: 0, batchBytes: 1024 })
  const sent = Array.from({ length: 300 }, (_, i) => String(i))
  for (const each of sent) await wal.append(message(each))
  await pause(2)
  await wal.barrier()
  let reopening: Promise<void> | undefined
  backend.plan = {
    readBytes: () => 1,
    delayMs: 2,
    script: {
      next: () => 'delay',
      append: { 1: 'fence' },
      open: () => {
        reopening = pause(100)
        return { until: reopening }
      },
    },
  }
  const first = await wal.appendBatch([]).then(() => wal.read({ until: 'end' }))
  const loop = texts(first)
  await pause(10)
  await within(wal.append(message('after the fence')))
  assert.ok(reopening !== undefined)
  assert.deepEqual(await within(loop, 10_000), sent)
})

test('G9 a tailing scanner of a fenced WAL goes on with the new writer’s records', async () => {
  const older = await open()
  await older.append(message('1'))
  const loop = texts(older.read(), 3)
  await pause(5)
  const newer = await open()
  await assert.rejects(older.append(message('void')), { code: 'WAL_FENCED' })
  await newer.append(message('2'))
  await newer.append(message('3'))
  assert.deepEqual(await within(loop), ['1', '2', '3'])
})

test('G6 an idle writer notices a newer writer', async () => {
  const older = await open({ fenceCheckMs: 10 })
  await pause(30)
  assert.equal(older.signal.aborted, false)
  await open()
  for (let i = 0; i < 100 && !older.signal.aborted; i++) await pause(5)
  assert.equal(older.signal.reason?.code, 'WAL_FENCED')
  await assert.rejects(older.append(message('x')), { code: 'WAL_FENCED', outcome: 'not-written' })
  await assert.rejects(older.truncate('x'), { code: 'WAL_FENCED' })
})

test('void: records that an older writer stored after the newer one’s opening are never delivered', async () => {
  const older = await open()
  await older.append(message('1'))
  const raw = await rawLog()
  const ghost = await raw.writerOf('1')
  const newer = await open()
  const tailing = texts(newer.read(), 3)
  await newer.append(message('2'))
  const tick = () => (BigInt(Date.now() + 1000) << 18n) + BigInt(raw.count++)
  await raw.append(raw.record({ payload: 'void', ...ghost, timeTick: tick() }))
  await raw.append(raw.record({ payload: 'void', ...ghost, timeTick: tick() }))
  // An opening record of a lower term does not make its writer the current one.
  await raw.append(raw.record({ ...ghost, timeTick: tick(), opening: true, type: 1 }))
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['1', '2'])
  const next = await open()
  assert.equal(next.channel.term, newer.channel.term + 1)
  const { timeTick } = await next.append(message('3'))
  assert.ok(timeTick > 0n)
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['1', '2', '3'])
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['1', '2', '3'])
  await assert.rejects(newer.append(message('x')), { code: 'WAL_FENCED' })
  assert.deepEqual(await within(tailing), ['1', '2', '3'])
})

test('void: a late time tick of a fenced writer at the log’s end does not count', async () => {
  const older = await open()
  await older.append(message('1'))
  const raw = await rawLog()
  const ghost = await raw.writerOf('1')
  const newer = await open({ term: 7 })
  await newer.append(message('2'))
  await raw.append(
    raw.record({ ...ghost, type: 1, timeTick: BigInt(Date.now()) << 18n, previousTick: ghost.previousTick }),
  )
  assert.equal((await open()).channel.term, 8)
})

test('void: a reader that is behind a newer writer’s record does not skip messages because of void records of its own WAL', async () => {
  const backend = faulty()
  // These ids do not show whether one directly follows another, so the older writer relies on the fence alone.
  const { follows: _, ...messageIds } = backend.builder.messageIds
  const builder = { ...backend.builder, messageIds }
  const older = await open({ builder, timeTickMs: 60_000 })
  const { timeTick } = await older.append(message('1'))
  const log = await rawLog()
  const newer = { term: 9, incarnation: 'newer' }
  await log.append(log.record({ ...newer, timeTick: timeTick + 1n, type: 1, opening: true }))
  const scanner = older.read()
  const seen = texts(scanner, 3)
  // The store forgot its fence. So these appends are acknowledged, though their records are void.
  await older.append(message('void'))
  await within(scanner.caughtUp())
  await log.append(log.record({ ...newer, timeTick: timeTick + 2n, payload: '2' }))
  await older.append(message('void too'))
  await turn()
  await log.append(log.record({ ...newer, timeTick: timeTick + 3n, payload: '3' }))
  backend.plan = { script: { append: { 1: 'fence' } } }
  await assert.rejects(older.append(message('x')), { code: 'WAL_FENCED' })
  assert.deepEqual(await within(seen), ['1', '2', '3'])
})

test('a record that is stored twice is delivered once', async () => {
  const wal = await open()
  for (const each of ['1', '2', '3', '4']) await wal.append(message(each))
  const raw = await rawLog()
  const stored = await raw.all()
  const [, , two, three] = stored
  assert.ok(two && three)
  await raw.append(two)
  await raw.append(three)
  await raw.append(two)
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['1', '2', '3', '4'])
  const next = await open()
  await next.append(message('5'))
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['1', '2', '3', '4', '5'])
})

test('an open tries again after a driver error and rejects with a final error', async () => {
  const backend = faulty()
  backend.plan = { script: { append: { 1: 'write-then-fail', 2: 'write-then-fail' } } }
  const wal = await open({ builder: backend.builder })
  await wal.append(message('a'))
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['a'])
  const refusing = faulty()
  refusing.plan = {
    script: { append: () => new AppendError('WAL_INVALID_ARGUMENT', 'never', { outcome: 'not-written' }) },
  }
  await assert.rejects(within(open({ builder: refusing.builder })), { code: 'WAL_INVALID_ARGUMENT' })
  assert.equal(refusing.openLogs, 0)
})

test('G7 a reader on the WAL of a writer that has not noticed a newer one starts and ends where the log does', async () => {
  // The older writer makes no time tick, so it does not notice the newer one.
  const older = await open({ timeTickMs: 60_000 })
  await older.append(message('1'))
  const newer = await open()
  await newer.append(message('2'))
  assert.deepEqual(await texts(older.read({ until: 'end' })), ['1', '2'])
  const latest = older.read({ deliver: 'latest' })
  await latest.ready()
  await newer.append(message('3'))
  assert.deepEqual(await within(texts(latest, 1)), ['3'])
  assert.equal(older.signal.aborted, false)
})

test('G7 a reader on the WAL of a replaced writer reads the backend through failures that pass', async () => {
  const backend = faulty()
  const older = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const newer = await open()
  await newer.append(message('1'))
  backend.plan = { script: { last: { 1: 'fail' } } }
  assert.deepEqual(await within(texts(older.read({ until: 'end' }))), ['1'])
})
