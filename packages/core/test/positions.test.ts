import assert from 'node:assert/strict'
import { resetMemory } from '@wal/core/testing'
import { test } from 'vitest'
import { type Runtime, systemRuntime } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, textOf, texts, within } from './harness.js'
import { loseAllBut, storedRecords } from './stored-log.js'

cleanLogs()

test('G7 reading resumes at every message: `after` without the message, `from` with it, on a writer and on a reader', async () => {
  const wal = await open({ batchBytes: 1024 })
  const reader = await openReader()
  const sent = Array.from({ length: 50 }, (_, i) => String(i))
  const results = await wal.appendBatch(sent.map((each) => message(each)))
  const delivered: string[] = []
  for await (const each of reader.read({ until: 'end' })) delivered.push(each.position)
  for (const i of [0, 1, 25, 48, 49]) {
    for (const log of [wal, reader]) {
      for (const position of [results[i]?.position ?? '', delivered[i] ?? '']) {
        assert.deepEqual(await texts(log.read({ after: position, until: 'end' })), sent.slice(i + 1))
        assert.deepEqual(await texts(log.read({ from: position, until: 'end' })), sent.slice(i))
        assert.deepEqual(await texts(log.read({ until: position })), sent.slice(0, i + 1))
      }
    }
  }
})

test('G7 reading resumes at a scanner’s own position, also when the last element was a time tick', async () => {
  const wal = await open()
  await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  await wal.barrier()
  const scanner = wal.read({ until: 'end', timeTicks: true })
  assert.equal(scanner.position, undefined)
  for await (const each of scanner) {
    assert.equal(scanner.position, each.position)
    const rest = await texts(wal.read({ after: each.position, until: 'end' }))
    assert.ok(rest.length <= 3)
  }
  await wal.append(message('4'))
  assert.deepEqual(await texts(wal.read({ after: scanner.position ?? '', until: 'end' })), ['4'])
})

test('G7 a position works under every later writer', async () => {
  const first = await open()
  const { position } = await first.append(message('1'))
  await first.append(message('2'))
  const second = await open()
  await second.append(message('3'))
  assert.deepEqual(await texts(second.read({ after: position, until: 'end' })), ['2', '3'])
  // Until a writer notices a newer one, it takes the end of its own records for the log's end.
  await assert.rejects(first.append(message('void')), { code: 'WAL_FENCED' })
  assert.deepEqual(await texts(first.read({ after: position, until: 'end' })), ['2', '3'])
})

test('G7 a position of another log, another backend, or the same log created again is refused', async () => {
  const wal = await open()
  const other = await open({ channel: 'other' })
  const reader = await openReader()
  const { position } = await other.append(message('1'))
  const mine = (await wal.append(message('1'))).position
  const mismatch = { code: 'WAL_POSITION_MISMATCH' }
  for (const foreign of [position, mine.replace(':memory:', ':kafka:')]) {
    for (const log of [wal, reader]) {
      await assert.rejects(texts(log.read({ from: foreign })), mismatch)
      await assert.rejects(texts(log.read({ after: foreign })), mismatch)
      await assert.rejects(texts(log.read({ until: foreign })), mismatch)
      await assert.rejects(log.read({ from: foreign }).ready(), mismatch)
      await assert.rejects(log.read({ from: foreign }).caughtUp(), mismatch)
    }
    await assert.rejects(wal.truncate(foreign), mismatch)
  }
  await wal.close()
  resetMemory()
  const again = await open()
  await assert.rejects(texts(again.read({ after: mine })), mismatch)
  await again.append(message('a'))
  await assert.rejects(texts(again.read({ after: mine })), mismatch)
})

test('G8 in a log that lost its end and went on, a reader that knew more gets WAL_LOG_ROLLED_BACK with the range', async () => {
  const wal = await open()
  await wal.append(message('1'))
  const lost = await wal.append(message('2'))
  await wal.close()
  loseAllBut(2)
  const newer = await open()
  await newer.append(message('3'))
  const named = new RegExp(`up to time tick ${lost.timeTick} were acknowledged and are gone`)
  const rolledBack = { code: 'WAL_LOG_ROLLED_BACK', message: named }
  await assert.rejects(texts(newer.read({ after: lost.position, until: 'end' }), 1), rolledBack)
  await assert.rejects(texts(newer.read({ from: lost.position }), 1), rolledBack)
  assert.deepEqual(await texts(newer.read({ until: 'end' })), ['1', '3'])
})

test('G8 a reader that falls out of the buffer is told when the log has lost messages that the reader knew', async () => {
  // This message was sent twice. Its position names the record before it, which the log still has.
  for (const resent of [false, true]) {
    const backend = faulty()
    const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
    await wal.append(message('1'))
    const scanner = wal.read()
    const iterator = scanner[Symbol.asyncIterator]()
    assert.equal(textOf((await within(iterator.next())).value as never), '1')
    if (resent) backend.plan = { script: { append: { 1: 'fail' } } }
    const lost = await wal.append(message('2'))
    assert.equal(textOf((await within(iterator.next())).value as never), '2')
    loseAllBut(2)
    // A failover to a copy without the last record. The next writer ends this writer's buffer.
    const newer = await open()
    for (const each of ['3', '4', '5']) await newer.append(message(each))
    await assert.rejects(wal.append(message('x')), { code: 'WAL_LOG_ROLLED_BACK' })
    await assert.rejects(within(iterator.next()), {
      code: 'WAL_LOG_ROLLED_BACK',
      message: new RegExp(`records up to time tick ${lost.timeTick} were acknowledged and are gone`),
    })
    await newer.close()
    resetMemory()
  }
})

test('G8 an idle writer is told of the lost end when a newer writer opened the log after the loss', async () => {
  const older = await open({ fenceCheckMs: 10, timeTickMs: 60_000 })
  await older.append(message('1'))
  await older.append(message('2'))
  loseAllBut(2)
  const newer = await open()
  // The store gives out the ids of lost records again, also that of the last acknowledged record.
  for (const each of ['3', '4']) await newer.append(message(each))
  await within(aborted(older.signal))
  assert.equal(older.signal.reason?.code, 'WAL_LOG_ROLLED_BACK')
  assert.match(older.signal.reason.message, /were acknowledged and are gone/)
  await assert.rejects(older.append(message('x')), { code: 'WAL_LOG_ROLLED_BACK', outcome: 'not-written' })
  assert.deepEqual(await texts(newer.read({ until: 'end' })), ['1', '3', '4'])
})

test('G8 an idle writer whose last record is damaged still notices a newer writer', async () => {
  let look = () => {}
  const runtime: Runtime = {
    ...systemRuntime,
    setTimeout(run, ms, options) {
      if (ms !== 54_321) return systemRuntime.setTimeout(run, ms, options)
      look = run
      return { clear() {} }
    },
  }
  const older = await open({ runtime, fenceCheckMs: 54_321, timeTickMs: 60_000 })
  await older.append(message('1'))
  const newer = await open({ timeTickMs: 60_000 })
  // From here on the log's end can be read.
  await newer.barrier()
  await newer.append(message('2'))
  storedRecords()[1] = { ...(storedRecords()[1] as object), properties: ['_v', 'none'] }
  look()
  await within(aborted(older.signal))
  assert.equal(older.signal.reason?.code, 'WAL_FENCED')
})

test('the position of an append that was sent more than once works', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  await wal.append(message('1'))
  backend.plan = { script: { append: { 1: 'duplicate-then-fail' } } }
  const { position } = await wal.append(message('2'))
  await wal.append(message('3'))
  assert.deepEqual(await texts(wal.read({ after: position, until: 'end' })), ['3'])
  assert.deepEqual(await texts(wal.read({ from: position, until: 'end' })), ['2', '3'])
  await wal.truncate(position)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['3'])
})

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
