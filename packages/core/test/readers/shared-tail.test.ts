import assert from 'node:assert/strict'
import { type Runtime, systemRuntime, WalError } from '@wal/walimpls'
import { test } from 'vitest'
import type { Scanner } from '../../src/index.js'
import { cleanLogs, collect, message, open, openReader, pause, texts, within } from '../harness.js'
import { loseAllBut } from '../stored-log.js'
import { watchedReaders } from './watched-readers.js'

cleanLogs()

const MANY = 20
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

/** The messages that each scanner gives from now on, in a list of its own. */
function follow(scanners: readonly Scanner[]) {
  return scanners.map((scanner) => {
    const seen: string[] = []
    const ended = (async () => {
      for await (const { payload } of scanner) seen.push(Buffer.from(payload).toString().trim())
    })()
    ended.catch(() => {})
    return { seen, ended }
  })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(1)
}

/** Readers of a read-only WAL that have read all messages of a log and wait at its end. */
async function atTheEnd(options: { readonly budgetBytes?: number; readonly runtime?: Runtime } = {}) {
  const wal = await open({ timeTickMs: 60_000 })
  for (const each of numbers(0, 5)) await wal.append(message(each))
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder, ...options })
  const scanners = Array.from({ length: MANY }, () => reader.read())
  const following = follow(scanners)
  await within(Promise.all(scanners.map((scanner) => scanner.caughtUp())))
  return { wal, watch, reader, scanners, following }
}

test('H169: readers of a read-only WAL share one backend scanner at the log’s end', async () => {
  const { wal, watch, following, scanners } = await atTheEnd()
  await within(until(() => watch.open === 1))
  const { opened } = watch
  for (const each of numbers(5, 50)) await wal.append(message(each))
  await within(until(() => following.every(({ seen }) => seen.length === 50)))
  for (const { seen } of following) assert.deepEqual(seen, numbers(0, 50))
  assert.equal(watch.opened, opened)
  for (const scanner of scanners.slice(1)) await scanner.close()
  assert.equal(watch.open, 1)
  await scanners[0]?.close()
  assert.equal(watch.open, 0)
})

test('a reader that starts later shares the backend scanner of those at the log’s end', async () => {
  const { wal, watch, reader, following } = await atTheEnd()
  await wal.append(message('5'))
  await within(until(() => following.every(({ seen }) => seen.length === 6)))
  const late = reader.read()
  const seen = follow([late])[0]?.seen ?? []
  await within(late.caughtUp())
  await wal.append(message('6'))
  await within(until(() => seen.length === 7))
  assert.deepEqual(seen, numbers(0, 7))
  assert.equal(watch.open, 1)
})

async function failing(code: 'WAL_UNAVAILABLE' | 'WAL_CORRUPT'): Promise<void> {
  const { wal, watch, following, reader } = await atTheEnd()
  await within(until(() => watch.open === 1))
  watch.failure = new WalError(code, 'so the test says')
  for (const each of numbers(5, 20)) await wal.append(message(each))
  await within(until(() => following.every(({ seen }) => seen.length === 20)))
  for (const { seen } of following) assert.deepEqual(seen, numbers(0, 20))
  assert.equal(watch.failure, undefined)
  await reader.close()
  assert.equal(watch.open, 0)
}

test('H170: when the shared scanner fails and no retry helps, its readers lose no message', () =>
  failing('WAL_CORRUPT'))

test('when the shared scanner fails for a while, its readers lose no message', () =>
  failing('WAL_UNAVAILABLE'))

test('a reader that fell behind the shared records reads the backend, and later shares the scanner again', async () => {
  const { wal, watch, following, reader } = await atTheEnd({ budgetBytes: 1 << 20 })
  const slow = reader.read()
  assert.deepEqual(await texts5(slow), numbers(0, 5))
  const first = slow.next()
  await wal.append(message('5'))
  assert.equal(Buffer.from((await within(first)).value?.payload ?? []).toString(), '5')
  for (const each of numbers(6, 40)) await wal.append(message(each.padStart(50_000)))
  await within(
    until(() => following.every(({ seen }) => seen.length === 40)),
    10_000,
  )
  for (const each of numbers(6, 40)) {
    const { value } = await within(slow.next())
    assert.equal(
      Buffer.from(value?.payload ?? [])
        .toString()
        .trim(),
      each,
    )
  }
  const last = slow.next()
  await within(until(() => watch.open === 1))
  await wal.append(message('40'))
  assert.equal(Buffer.from((await within(last)).value?.payload ?? []).toString(), '40')
})

test('when a log loses its end, every reader at its end rejects', async () => {
  const { wal, following } = await atTheEnd()
  loseAllBut(3)
  await wal.close().catch(() => {})
  const next = await open()
  await next.append(message('instead'))
  await next.append(message('and more'))
  for (const { ended, seen } of following) {
    await assert.rejects(within(ended, 10_000), { code: 'WAL_LOG_ROLLED_BACK' })
    assert.deepEqual(seen, numbers(0, 5))
  }
})

test('H171: scanners that are started together read the log’s end once or twice in all', async () => {
  const wal = await open()
  await wal.append(message('a'))
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder })
  watch.looks = 0
  const scanners = Array.from({ length: 100 }, () => reader.read({ until: 'end' }))
  for (const each of await within(Promise.all(scanners.map((scanner) => collect(scanner)))))
    assert.equal(each.length, 1)
  assert.ok(watch.looks <= 2, `${watch.looks} looks`)
})

test('a read of the log’s end that began before a message was stored is not used for a scanner that starts after it', async () => {
  const wal = await open()
  await wal.append(message('a'))
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder })
  const { looks } = watch
  let answer = (): void => {}
  watch.answered = new Promise((resolve) => {
    answer = resolve
  })
  const early = texts(reader.read({ until: 'end' }))
  await within(until(() => watch.looks > looks))
  watch.answered = undefined
  await wal.append(message('b'))
  const late = texts(reader.read({ until: 'end' }))
  await pause(10)
  answer()
  assert.deepEqual(await within(late), ['a', 'b'])
  assert.deepEqual(await within(early), ['a'])
})

async function texts5(scanner: Scanner): Promise<string[]> {
  const seen: string[] = []
  while (seen.length < 5) seen.push(Buffer.from((await scanner.next()).value?.payload ?? []).toString())
  return seen
}

test('H208: a backend scanner that fails to close ends no reader, and its log is closed', async () => {
  const { wal, watch, reader, following } = await atTheEnd()
  watch.closeFailure = new WalError('WAL_UNAVAILABLE', 'connection reset')
  const late = reader.read()
  const seen = follow([late])[0]?.seen ?? []
  await within(late.caughtUp())
  await wal.append(message('5'))
  await within(until(() => seen.length === 6 && following.every((each) => each.seen.length === 6)))
  assert.equal(watch.logsClosed, 0)
  await reader.close()
  assert.equal(watch.logsClosed, 1)
})

test('H209: when the shared scanner fails and a reader’s own scanner works, all readers go on with that one', async () => {
  // A reader whose read fails tries again only after a minute.
  const setTimeout: Runtime['setTimeout'] = (run, ms, options) =>
    systemRuntime.setTimeout(run, ms < 50 || ms >= 1000 ? ms : 60_000, options)
  const { wal, watch, reader, following } = await atTheEnd({ runtime: { ...systemRuntime, setTimeout } })
  await within(until(() => watch.open === 1))
  watch.failure = new WalError('WAL_UNAVAILABLE', 'connection reset')
  await wal.append(message('5'))
  await within(until(() => watch.failure === undefined && watch.open === 0))
  const late = reader.read()
  const seen = follow([late])[0]?.seen ?? []
  const caughtUpAt = late.caughtUp().then(() => seen.length)
  assert.equal(await within(caughtUpAt), 6)
  await wal.append(message('6'))
  await within(until(() => [seen, ...following.map((each) => each.seen)].every((each) => each.length === 7)))
})

test('H210: a read of the log’s end that never settles delays no scanner that starts later', async () => {
  const wal = await open()
  await wal.append(message('a'))
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder })
  const { looks } = watch
  watch.answered = new Promise(() => {})
  const ending = new AbortController()
  const first = texts(reader.read({ signal: ending.signal }))
  await within(until(() => watch.looks > looks))
  watch.answered = undefined
  const second = texts(reader.read({ until: 'end' }))
  ending.abort(new Error('enough'))
  await assert.rejects(first, { message: 'enough' })
  assert.deepEqual(await within(second, 10_000), ['a'])
})

test('a backend that says again and again that it is at the end does not keep the event loop from other work', async () => {
  const wal = await open()
  await wal.append(message('a'))
  const { watch, builder } = watchedReaders()
  watch.endless = true
  const reader = await openReader({ builder })
  const scanner = reader.read()
  await scanner.next()
  const waiting = scanner.next()
  waiting.catch(() => {})
  await within(pause(5))
  await scanner.close()
})
