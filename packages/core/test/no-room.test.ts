import assert from 'node:assert/strict'
import { type Fault, memoryBuilder } from '@wal/core/testing'
import { AppendError, type OpenerBuilderImpls, type WALImpls } from '@wal/walimpls'
import { test } from 'vitest'
import type { PositionTruncatedError } from '../src/index.js'
import {
  cleanLogs,
  collect,
  faulty,
  isPending,
  message,
  open,
  openReader,
  pause,
  texts,
  within,
} from './harness.js'
import { overMemory } from './over-memory.js'
import { storedLog, storedRecords } from './stored-log.js'

cleanLogs()

/** The memory backend with room for this many records. A batch that does not fit is refused as not written. */
function withRoom(room: { records: number }, more: (log: WALImpls) => Partial<WALImpls> = () => ({})) {
  return overMemory((log) => ({
    append: async (batch) => {
      if (storedRecords().length + batch.messages.length > room.records)
        throw new AppendError('WAL_STORAGE_FULL', 'out of room', { outcome: 'not-written' })
      return log.append(batch)
    },
    ...more(log),
  })) as OpenerBuilderImpls
}

/** A log that has no room for another record, and an append that waits for room. */
async function full(builder: OpenerBuilderImpls) {
  const wal = await open({ builder, timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ['a', 'b', 'c', 'd']) positions.push((await wal.append(message(each))).position)
  await wal.barrier()
  const waiting = wal.append(message('e'))
  waiting.catch(() => {})
  assert.equal(await isPending(waiting), true)
  return { wal, positions: positions as [string, string, string, string], waiting }
}

test('H114: truncate frees room for a waiting append, though at first its own time tick does not fit either', async () => {
  const { wal, positions, waiting } = await full(withRoom({ records: 6 }))
  await within(wal.truncate(positions[2]))
  await within(waiting)
  for (const log of [wal, await openReader()]) {
    assert.deepEqual(await texts(log.read({ until: 'end' })), ['d', 'e'])
    await assert.rejects(texts(log.read({ from: positions[2] })), { code: 'WAL_POSITION_TRUNCATED' })
  }
  const next = await open()
  await next.append(message('f'))
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['d', 'e', 'f'])
})

test('truncate tries again when freeing fails while appends wait for room', async () => {
  let failures = 2
  const builder = withRoom({ records: 6 }, (log) => ({
    truncate: async (...given) => {
      if (failures-- > 0) throw new Error('a file vanished')
      return log.truncate(...given)
    },
  }))
  const { wal, positions, waiting } = await full(builder)
  await within(wal.truncate(positions[2]), 10_000)
  await within(waiting)
})

test('when a crash comes after the freeing and before its time tick, the rest of the log can be read', async () => {
  const room = { records: 6 }
  const { wal, positions } = await full(withRoom(room))
  // Nothing fits into the storage any more. The process dies after it has freed storage, and before the time tick that says so
  // is stored.
  room.records = 0
  const truncated = wal.truncate(positions[2])
  truncated.catch(() => {})
  while (storedLog().records.length > 3) await new Promise((resolve) => setTimeout(resolve, 1))
  // Storage is freed up to the message at the position, which stays. With the time tick the log would begin behind it.
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['c', 'd'])
  const error = await texts(reader.read({ from: positions[0] })).catch(
    (reason: PositionTruncatedError) => reason,
  )
  assert.equal((error as PositionTruncatedError).code, 'WAL_POSITION_TRUNCATED')
  const { oldest } = error as PositionTruncatedError
  assert.deepEqual(await texts(reader.read({ from: oldest as string, until: 'end' })), ['c', 'd'])
  const next = await open()
  await next.append(message('x'))
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['c', 'd', 'x'])
  assert.equal((await collect(next.read({ gaps: 'deliver', until: 'end' }))).length, 3)
})

test('after such a crash above an earlier truncation point the log begins where its storage begins', async () => {
  const room = { records: 8 }
  const builder = withRoom(room)
  const wal = await open({ builder, timeTickMs: 60_000 })
  const first = await wal.append(message('0'))
  await wal.truncate(first.position)
  const positions: string[] = []
  for (const each of ['a', 'b', 'c', 'd']) positions.push((await wal.append(message(each))).position)
  await wal.barrier()
  room.records = 0
  wal.append(message('e')).catch(() => {})
  const truncated = wal.truncate(positions[2] as string)
  truncated.catch(() => {})
  while (storedLog().records.length > 3) await new Promise((resolve) => setTimeout(resolve, 1))
  const reader = await openReader()
  for (const options of [{}, { gaps: 'deliver' }] as const)
    assert.deepEqual(await texts(reader.read({ ...options, until: 'end' }) as never), ['c', 'd'])
  const next = await open()
  await next.append(message('x'))
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['c', 'd', 'x'])
})

test('truncate keeps the last time tick, which holds the log’s identity, when freeing the rest makes enough room', async () => {
  const room = { records: 8 }
  const asked: string[] = []
  const builder = withRoom(room, (log) => ({
    truncate: async (before, waits) => {
      asked.push(memoryBuilder().messageIds.serialise(before as never))
      return log.truncate(before, waits)
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ['a', 'b']) positions.push((await wal.append(message(each))).position)
  await wal.barrier()
  for (const each of ['c', 'd', 'e']) positions.push((await wal.append(message(each))).position)
  // The log is: opening record, a, b, time tick, c, d, e. One more record fits.
  const appends = ['f', 'g', 'h'].map((each) => wal.append(message(each)))
  await within(wal.truncate(positions[3] as string))
  await within(Promise.all(appends))
  // First storage was freed up to the time tick, which was enough. The rest was freed when the log had its new beginning.
  assert.deepEqual(asked, ['4', '6'])
})

test('when keeping the last time tick leaves no room, truncate frees everything below its position', async () => {
  const room = { records: 6 }
  const wal = await open({ builder: withRoom(room), timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ['a', 'b', 'c', 'd', 'e']) positions.push((await wal.append(message(each))).position)
  const waiting = wal.append(message('f'))
  await within(wal.truncate(positions[3] as string))
  await within(waiting)
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ after: positions[3] as string, until: 'end' })), ['e', 'f'])
})

/** A log of a, b, a time tick, c and d. It is truncated at c while every append has the fault that `fault` names. */
async function truncatingWhile(fault: () => Fault | undefined, channel = 'log') {
  const backend = faulty()
  const wal = await open({ channel, builder: backend.builder, timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ['a', 'b']) positions.push((await wal.append(message(each))).position)
  await wal.barrier()
  for (const each of ['c', 'd']) positions.push((await wal.append(message(each))).position)
  let failures = 0
  const counted = () => {
    failures++
    return fault()
  }
  backend.plan = { script: { append: counted } }
  const truncated = wal.truncate(positions[2] as string)
  truncated.catch(() => {})
  const failedOften = async () => {
    while (failures < 4) await pause(1)
  }
  return { backend, wal, truncated, failedOften }
}

/** The records of each channel. */
const passing: Readonly<Record<string, Error>> = {
  'cannot-be-reached': new AppendError('WAL_UNAVAILABLE', 'connection refused', { outcome: 'not-written' }),
  'answers-are-lost': new Error('socket hang up'),
  'a-replica-for-a-while': new AppendError('WAL_UNAVAILABLE', 'READONLY', { outcome: 'not-written' }),
}
test('H191: a truncation during failures that pass frees nothing before the log has stored its new beginning', async () => {
  for (const [channel, failure] of Object.entries(passing)) {
    const { backend, truncated, failedOften } = await truncatingWhile(() => failure, channel)
    await failedOften()
    // If this process died now, the next writer would still find the last time tick, which alone holds the log's identity.
    assert.equal(storedLog(channel).oldest, 1, channel)
    const reader = await openReader({ channel })
    assert.deepEqual(await texts(reader.read({ until: 'end' })), ['a', 'b', 'c', 'd'])
    backend.plan = {}
    await within(truncated, 10_000)
    assert.deepEqual(await texts((await openReader({ channel })).read({ until: 'end' })), ['d'])
  }
})

test('one WAL_STORAGE_FULL between other failures frees nothing: it takes two in a row', async () => {
  let turn = 0
  const faults: Fault[] = ['full', 'fail']
  const { backend, truncated, failedOften } = await truncatingWhile(() => faults[turn++ % 2])
  await failedOften()
  assert.equal(storedLog().oldest, 1)
  backend.plan = {}
  await within(truncated, 10_000)
})

test('when the storage is full, the waiting truncation frees room first', async () => {
  const { truncated, wal } = await truncatingWhile(() => (storedLog().oldest === 1 ? 'full' : undefined))
  await within(truncated, 10_000)
  await wal.append(message('e'))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['d', 'e'])
})

test('after a truncation that was refused the log begins where it did before', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ['a', 'b', 'c']) positions.push((await wal.append(message(each))).position)
  const newer = await open({ timeTickMs: 60_000 })
  await assert.rejects(wal.truncate(positions[1] as string), { code: 'WAL_FENCED' })
  await newer.barrier()
  assert.deepEqual(await texts(newer.read({ until: 'end' })), ['a', 'b', 'c'])
  assert.equal(storedLog().records.length, 6)

  // The backend refuses the truncation for good, and the writer goes on.
  let refuse = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (!refuse) return log.append(batch)
      refuse = false
      throw new AppendError('WAL_INVALID_ARGUMENT', 'no such tick', { outcome: 'not-written' })
    },
  }))
  const other = await open({ channel: 'other', builder, timeTickMs: 60_000 })
  const { position } = await other.append(message('a'))
  await other.append(message('b'))
  refuse = true
  await assert.rejects(other.truncate(position), { code: 'WAL_INVALID_ARGUMENT' })
  await other.barrier()
  const reader = await openReader({ channel: 'other' })
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['a', 'b'])
})
