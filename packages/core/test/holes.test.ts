import assert from 'node:assert/strict'
import { loseMemoryRecords } from '@wal/core/testing'
import { test } from 'vitest'
import type { AppendResult, Gap, PositionTruncatedError, ScannerElement } from '../src/index.js'
import { cleanLogs, collect, message, open, openReader, textOf, texts, within } from './harness.js'

cleanLogs()

const shown = (each: ScannerElement): string =>
  each.kind === 'message' ? textOf(each) : each.kind === 'gap' ? `${each.reason} gap` : each.kind

/** A log of a, b, c, a time tick, d and e. The messages from `first` to `last` are removed from the storage. */
async function logWithout(first: string, last: string) {
  const wal = await open({ timeTickMs: 60_000 })
  const results = new Map<string, AppendResult>()
  for (const each of ['a', 'b', 'c']) results.set(each, await wal.append(message(each)))
  const tick = await wal.barrier()
  for (const each of ['d', 'e']) results.set(each, await wal.append(message(each)))
  const of = (name: string) => results.get(name) ?? assert.fail(name)
  loseMemoryRecords({ channel: 'log', from: of(first).messageId, to: of(last).messageId })
  return { wal, of, tick }
}

const truncatedFor = async (reading: Promise<unknown>): Promise<PositionTruncatedError> => {
  const error = await within(reading.catch((reason: unknown) => reason))
  assert.equal((error as PositionTruncatedError)?.code, 'WAL_POSITION_TRUNCATED')
  return error as PositionTruncatedError
}

test('H112: at records that others removed, open and new readers get an error with a position to go on, or one gap', async () => {
  const { of, tick } = await logWithout('b', 'c')
  const reader = await openReader()
  for (const options of [
    {},
    { after: of('a').position },
    { from: of('a').position },
    { from: of('b').position },
  ]) {
    const error = await truncatedFor(texts(reader.read(options)))
    for (const where of ['from', 'after'] as const)
      assert.deepEqual(await texts(reader.read({ [where]: error.oldest as string, until: 'end' })), [
        'd',
        'e',
      ])
    const seen = await within(collect(reader.read({ ...options, gaps: 'deliver', until: 'end' })))
    const before = 'after' in options || options.from === of('b').position ? [] : ['a']
    assert.deepEqual(seen.map(shown), [...before, 'lost gap', 'd', 'e'], JSON.stringify(options))
    const gap = seen.find(({ kind }) => kind === 'gap') as Gap
    assert.equal(gap.before, tick)
    for (const where of ['from', 'after'] as const)
      assert.deepEqual(await texts(reader.read({ [where]: gap.position, until: 'end' })), ['d', 'e'])
  }
})

test('a log with a hole behind its last persisted time tick can be read and opened', async () => {
  const { wal } = await logWithout('d', 'd')
  const reader = await openReader()
  const seen = await within(collect(reader.read({ gaps: 'deliver', until: 'end' })))
  assert.deepEqual(seen.map(shown), ['a', 'b', 'c', 'lost gap', 'e'])
  const error = await truncatedFor(texts(reader.read({ until: 'end' })))
  assert.deepEqual(await texts(reader.read({ from: error.oldest as string, until: 'end' })), ['e'])
  await wal.append(message('f'))
  const next = await within(open({ timeTickMs: 60_000 }))
  assert.equal(next.channel.term, 1)
  await next.append(message('g'))
  const all = await within(collect(reader.read({ gaps: 'deliver', until: 'end' })))
  assert.deepEqual(all.map(shown), ['a', 'b', 'c', 'lost gap', 'e', 'f', 'g'])
})

test('H113: a log all of whose records were removed rejects an open at once, and says why', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const last = await wal.append(message('a'))
  await wal.close()
  loseMemoryRecords({ channel: 'log', from: '1', to: last.messageId })
  await truncatedFor(open({ openTimeoutMs: 60_000 }))
  const reader = await openReader()
  await truncatedFor(texts(reader.read({ until: 'end' })))
})

test('when others removed the last record, readers get a gap and the writer goes on', async () => {
  const { wal, of } = await logWithout('e', 'e')
  const idle = await open({ channel: 'other', fenceCheckMs: 10, timeTickMs: 60_000 })
  const lost = await idle.append(message('gone'))
  loseMemoryRecords({ channel: 'other', from: lost.messageId, to: lost.messageId })
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(idle.signal.aborted, false)
  await idle.append(message('on'))
  await wal.append(message('f'))
  const reader = await openReader()
  const seen = await within(collect(reader.read({ after: of('d').position, gaps: 'deliver', until: 'end' })))
  assert.deepEqual(seen.map(shown), ['lost gap', 'f'])
})

test('truncate at a removed record is refused, and truncate behind the hole makes the log whole again', async () => {
  const { wal, of } = await logWithout('b', 'c')
  await truncatedFor(wal.truncate(of('c').position))
  await wal.truncate(of('d').position)
  const reader = await openReader()
  assert.deepEqual(await within(texts(reader.read({ until: 'end' }))), ['e'])
})
