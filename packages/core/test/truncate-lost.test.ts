import assert from 'node:assert/strict'
import { loseMemoryRecords } from '@wal/core/testing'
import { test } from 'vitest'
import type { LogRolledBackError } from '../src/index.js'
import { cleanLogs, collect, message, open, openReader, pause, textOf, texts, within } from './harness.js'
import { type Gates, gate, gatedBuilder } from './resolve/gated.js'
import { loseAllBut, storedRecords } from './stored-log.js'

cleanLogs()

const IDLE = { timeTickMs: 60_000 } as const
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}`)

/** A log of an opening record and a to g. */
async function sevenMessages() {
  const wal = await open(IDLE)
  const results = []
  for (const each of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) results.push(await wal.append(message(each)))
  return { wal, results }
}

/** The position of the gap that a reader is given where d, e and f were removed. */
async function gapPosition(): Promise<string> {
  return (await gapBehindC()).position
}

async function gapBehindC() {
  const { wal, results } = await sevenMessages()
  loseMemoryRecords({
    channel: 'log',
    from: results[3]?.messageId as string,
    to: results[5]?.messageId as string,
  })
  const elements = await collect((await openReader()).read({ gaps: 'deliver', until: 'end' }))
  const position = elements.find(({ kind }) => kind === 'gap')?.position
  return { wal, results, position: position ?? assert.fail('no gap was delivered') }
}

/** The `resumeAt` of `WAL_LOG_ROLLED_BACK` in a log of a, b, c, d and the next writer's x: behind x. */
async function resumePosition(): Promise<string> {
  const { wal } = await sevenMessages()
  const after = (await collect(wal.read({ until: 'end' }))).at(-1)?.position as string
  loseAllBut(5)
  const next = await open(IDLE)
  for (const each of ['x', 'y', 'z', 'u']) await next.append(message(each))
  const reading = texts((await openReader()).read({ after, until: 'end' }))
  const error = await reading.catch((reason: LogRolledBackError) => reason)
  return (error as LogRolledBackError).resumeAt ?? assert.fail('no position to go on from')
}

/** The log loses its end once more, and another writer's messages get the ids that were given out before. */
async function assertRefused(position: string): Promise<void> {
  loseAllBut(3)
  const wal = await open(IDLE)
  for (const each of numbers(8)) await wal.append(message(each))
  const before = storedRecords().length
  const error = await within(wal.truncate(position)).catch((reason: LogRolledBackError) => reason)
  assert.equal(error instanceof Error && error.code, 'WAL_LOG_ROLLED_BACK')
  assert.equal(storedRecords().length, before)
  // Reading from the position that the error names misses nothing that was acknowledged since.
  const { resumeAt } = error as LogRolledBackError
  assert.deepEqual((await texts(wal.read({ after: resumeAt as string, until: 'end' }))).slice(-8), numbers(8))
  await wal.barrier()
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['a', 'b', ...numbers(8)])
}

test('H194: truncate at the position of a gap is refused and writes nothing when the log has lost its end since', async () => {
  await assertRefused(await gapPosition())
})

test('truncate at the resumeAt of an earlier loss is refused when the log has lost its end again', async () => {
  await assertRefused(await resumePosition())
})

test('truncate at a position behind a gap frees everything before, and a second time changes nothing', async () => {
  const position = await gapPosition()
  const wal = await open(IDLE)
  await wal.append(message('h'))
  for (let i = 0; i < 2; i++) {
    await within(wal.truncate(position))
    for (const log of [wal, await openReader()])
      assert.deepEqual(await texts(log.read({ until: 'end' })), ['g', 'h'])
    assert.deepEqual(await texts(wal.read({ after: position, until: 'end' })), ['g', 'h'])
  }
})

test('truncate at the resumeAt of a lost end keeps everything that was stored since', async () => {
  const position = await resumePosition()
  const wal = await open(IDLE)
  await within(wal.truncate(position))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['x', 'y', 'z', 'u'])
})

test('truncate at the resumeAt of a lost end works when nothing was stored since', async () => {
  const { results } = await sevenMessages()
  loseAllBut(5)
  const after = results[6]?.position as string
  const reading = texts((await openReader()).read({ after, until: 'end' }))
  const { resumeAt } = (await reading.catch((reason) => reason)) as LogRolledBackError
  const wal = await open(IDLE)
  for (const each of ['x', 'y']) await wal.append(message(each))
  await within(wal.truncate(resumeAt as string))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['x', 'y'])
})

test('truncate at a gap is refused also when the log begins at the message before the gap', async () => {
  const { results, position } = await gapBehindC()
  loseAllBut(4)
  const next = await open(IDLE)
  for (const each of numbers(8)) await next.append(message(each))
  await next.truncate(results[2]?.position as string)
  await assert.rejects(within(next.truncate(position)), { code: 'WAL_LOG_ROLLED_BACK' })
  assert.deepEqual(await texts(next.read({ until: 'end' })), numbers(8))
})

test('truncate at a gap is refused when another writer’s first record got the id behind the gap', async () => {
  const position = await gapPosition()
  // Only g is lost. The next writer's opening record gets its id.
  loseAllBut(7)
  const wal = await open(IDLE)
  for (const each of numbers(8)) await wal.append(message(each))
  await assert.rejects(within(wal.truncate(position)), { code: 'WAL_LOG_ROLLED_BACK' })
  const kept = await collect(wal.read({ gaps: 'deliver', until: 'end' }))
  assert.equal(kept.length, 3 + 1 + 8)
})

test('truncate at a gap is refused when its own writer stored other messages under the ids before the gap', async () => {
  const { wal, position } = await gapBehindC()
  loseAllBut(3)
  // These messages are not void, so they are acknowledged. Then the writer ends.
  await wal.appendBatch(numbers(8).map((each) => message(each)))
  const next = await open(IDLE)
  await assert.rejects(within(next.truncate(position)), { code: 'WAL_LOG_ROLLED_BACK' })
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['a', 'b', ...numbers(8)])
})

test('truncate accepts the position of a message that a reader got before its append was acknowledged', async () => {
  const gates: Gates = {}
  const wal = await open({ ...IDLE, builder: gatedBuilder(gates) })
  for (const each of ['a', 'b']) await wal.append(message(each))
  gates.after = gate()
  const append = wal.append(message('c'))
  await pause(5)
  const seen = await collect((await openReader()).read({ until: 'end' }))
  assert.equal(textOf(seen.at(-1) as never), 'c')
  const truncated = within(wal.truncate(seen.at(-1)?.position as string))
  truncated.catch(() => {})
  await pause(5)
  gates.after.open()
  gates.after = undefined
  await append
  await truncated
  await wal.append(message('d'))
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['d'])
})

test('H198: truncate at a position that the log lost while its writer was open is refused at once', async () => {
  const { wal, results } = await sevenMessages()
  loseAllBut(3)
  for (const { position } of [results[5], results[2]] as { position: string }[])
    await assert.rejects(within(wal.truncate(position)), { code: 'WAL_LOG_ROLLED_BACK' })
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['a', 'b'])
})

test('a truncation that is looking for its position ends when its writer ends', async () => {
  const gates: Gates = {}
  const wal = await open({ ...IDLE, builder: gatedBuilder(gates) })
  const { position } = await wal.append(message('a'))
  gates.readGate = gate()
  const truncated = wal.truncate(position)
  truncated.catch(() => {})
  await pause(5)
  const closed = wal.close()
  await assert.rejects(within(truncated), { code: 'WAL_CLOSED', outcome: 'not-written', retryable: false })
  gates.readGate.open()
  await closed
})
