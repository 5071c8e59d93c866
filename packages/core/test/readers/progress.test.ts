import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { ReadOnlyWAL, Scanner } from '../../src/index.js'
import { cleanLogs, message, open, openReader, pause, texts, within } from '../harness.js'

cleanLogs()

async function moved(scanner: Scanner, from: string | undefined): Promise<string> {
  while (scanner.progress === undefined || scanner.progress === from) await pause(1)
  return scanner.progress
}

async function throughTruncation(accessMode: 'rw' | 'ro'): Promise<void> {
  const wal = await open()
  const reader: ReadOnlyWAL = accessMode === 'rw' ? wal : await openReader()
  await wal.append(message('first', { vchannel: 'quiet' }))
  const scanner = reader.read({ vchannel: 'quiet' })
  await scanner.next()
  const { position } = scanner
  assert.equal(scanner.progress, position)
  const waiting = scanner.next()
  await within(scanner.caughtUp())
  for (let i = 0; i < 5; i++) await wal.append(message('other', { vchannel: 'busy' }))
  const whole = await wal.append(message('last', { vchannel: 'busy' }))
  await wal.append(message('kept', { vchannel: 'busy' }))
  await within(moved(scanner, position))
  await within(
    (async () => {
      // The reader reads the messages that are in the log already, batch by batch.
      for (let before = scanner.progress; ; before = scanner.progress) {
        await pause(30)
        if (scanner.progress === before) return
      }
    })(),
  )
  await wal.truncate(whole.position)
  const { progress } = scanner
  assert.equal(scanner.position, position)
  await scanner.close()
  await waiting
  await wal.append(message('second', { vchannel: 'quiet' }))
  const again = reader.read({ vchannel: 'quiet', after: progress as string })
  assert.deepEqual(await within(texts(again, 1)), ['second'])
  await assert.rejects(texts(reader.read({ vchannel: 'quiet', after: position as string }), 1), {
    code: 'WAL_POSITION_TRUNCATED',
  })
}

test('H174: a reader of a quiet vchannel resumes from its progress, above a truncation', () =>
  throughTruncation('ro'))

test('a reader of a quiet vchannel on the writer’s WAL resumes from its progress, above a truncation', () =>
  throughTruncation('rw'))

test('progress never lies above the messages that were handed out', async () => {
  const wal = await open()
  await wal.appendBatch(['a', 'b', 'c'].map((each) => message(each)))
  const last = await wal.append(message('d', { vchannel: 'other' }))
  const scanner = wal.read({ vchannel: '', until: last.position })
  assert.deepEqual([scanner.progress], [undefined])
  for (const expected of ['a', 'b', 'c']) {
    const { value } = await scanner.next()
    assert.equal(Buffer.from(value?.payload ?? []).toString(), expected)
    const rest = wal.read({ vchannel: '', after: scanner.progress as string, until: last.position })
    assert.deepEqual(await texts(rest), ['a', 'b', 'c'].slice(['a', 'b', 'c'].indexOf(expected) + 1))
  }
  const resumed = wal.read({ after: scanner.position as string })
  assert.equal(resumed.progress, scanner.position)
  await resumed.close()
  await scanner.close()
})

async function afterEnd(how: 'break' | 'abort' | 'close' | 'close of the log'): Promise<void> {
  const wal = await open()
  await wal.appendBatch(['a', 'b', 'c', 'd', 'e'].map((each) => message(each)))
  for (const reader of [await openReader(), wal]) {
    const ending = new AbortController()
    const scanner = reader.read({ signal: ending.signal })
    let count = 0
    const loop = (async () => {
      for await (const _ of scanner) {
        if (++count < 2) continue
        if (how === 'break') break
        if (how === 'abort') ending.abort(new Error('enough'))
        if (how === 'close') void scanner.close()
        if (how === 'close of the log') await reader.close()
      }
    })()
    if (how === 'abort') await assert.rejects(loop, { message: 'enough' })
    else await loop
    assert.equal(count, 2)
    const { progress } = scanner
    const again = (await openReader()).read({ after: progress as string, until: 'end' })
    assert.deepEqual(await texts(again), ['c', 'd', 'e'])
  }
}

test('H206: after a break, progress is the last message of the loop, not the end of the batch', () =>
  afterEnd('break'))
test('after an abort, progress is the last message of the loop, not the end of the batch', () =>
  afterEnd('abort'))
test('after a close, progress is the last message of the loop, not the end of the batch', () =>
  afterEnd('close'))
test('after a close of the log, progress is the last message of the loop, not the end of the batch', () =>
  afterEnd('close of the log'))
