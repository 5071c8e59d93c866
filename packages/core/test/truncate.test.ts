import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import { type OpenerBuilderImpls, propertyOf, RESERVED } from '@wal/walimpls'
import { test } from 'vitest'
import { AppendError, type PositionTruncatedError, WalError } from '../src/index.js'
import {
  cleanLogs,
  collect,
  faulty,
  message,
  open,
  openReader,
  textOf,
  texts,
  turn,
  within,
} from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

const ten = Array.from({ length: 10 }, (_, i) => String(i))

async function filled() {
  const wal = await open({ batchBytes: 1024 })
  const results = []
  for (const each of ten) results.push(await wal.append(message(each)))
  return { wal, positions: results.map((result) => result.position) as [string, ...string[]] & string[] }
}

test('G11 `all` and `after` the truncation point deliver the same, and a read below it is WAL_POSITION_TRUNCATED', async () => {
  const { wal, positions } = await filled()
  const reader = await openReader()
  await wal.truncate(positions[4] as string)
  const closed = await openReader()
  for (const log of [wal, reader, closed]) {
    assert.deepEqual(await texts(log.read({ until: 'end' })), ten.slice(5))
    assert.deepEqual(await texts(log.read({ after: positions[4] as string, until: 'end' })), ten.slice(5))
    assert.deepEqual(await texts(log.read({ after: positions[6] as string, until: 'end' })), ten.slice(7))
    assert.deepEqual(await texts(log.read({ from: positions[5] as string, until: 'end' })), ten.slice(5))
    for (const below of [{ from: positions[4] }, { from: positions[0] }, { after: positions[3] }]) {
      const reading = texts(log.read(below as { from: string }))
      await assert.rejects(reading, (error: PositionTruncatedError) => {
        assert.equal(error.code, 'WAL_POSITION_TRUNCATED')
        assert.equal(error.name, 'PositionTruncatedError')
        assert.ok(error.oldest)
        return true
      })
    }
  }
  // Reading works from the position that the error names.
  const error = await texts(wal.read({ from: positions[0] })).catch((e: PositionTruncatedError) => e)
  const { oldest } = error as PositionTruncatedError
  assert.deepEqual(await texts(wal.read({ from: oldest as string, until: 'end' })), ten.slice(5))
})

test('G11 truncate at a lower or the same position changes nothing, and a truncation survives reopening', async () => {
  const { wal, positions } = await filled()
  await wal.truncate(positions[6] as string)
  await wal.truncate(positions[2] as string)
  await wal.truncate(positions[6] as string)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ten.slice(7))
  await wal.close()
  for (let i = 0; i < 3; i++) {
    const again = await open()
    assert.deepEqual(await texts(again.read({ until: 'end' })), ten.slice(7))
    await assert.rejects(texts(again.read({ from: positions[6] as string })), {
      code: 'WAL_POSITION_TRUNCATED',
    })
    await again.truncate(positions[3] as string)
    await again.close()
  }
})

test('G11 a log that is truncated at its last message is empty and can be appended to', async () => {
  const { wal, positions } = await filled()
  await wal.truncate(positions[9] as string)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), [])
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), [])
  await wal.append(message('next'))
  const again = await open()
  assert.deepEqual(await texts(again.read({ until: 'end' })), ['next'])
  assert.deepEqual(await texts(again.read({ after: positions[9] as string, until: 'end' })), ['next'])
})

test('G8 a slow reader that truncate overtakes rejects and skips nothing', async () => {
  const backend = faulty()
  backend.plan = { readBytes: () => 1 }
  const { wal, positions } = await filled()
  const reader = await openReader({ builder: backend.builder })
  const scanner = reader.read()
  const seen: string[] = []
  const reading = (async () => {
    for await (const each of scanner) {
      seen.push(Buffer.from(each.payload).toString())
      if (seen.length === 2) await wal.truncate(positions[8] as string)
    }
  })()
  await assert.rejects(within(reading), { code: 'WAL_POSITION_TRUNCATED' })
  assert.deepEqual(seen, ten.slice(0, seen.length))
})

test('a truncate that failed halfway can be called again', async () => {
  const backend = faulty()
  const inner = backend.builder
  let failures = 1
  let truncated = 0
  const builder: typeof inner = {
    ...inner,
    build: async (...given) => {
      const opener = await inner.build(...given)
      return {
        ...opener,
        open: async (...args) => {
          const log = await opener.open(...args)
          const truncate = log.truncate.bind(log)
          log.truncate = async (...target) => {
            if (failures-- > 0) throw new WalError('WAL_UNAVAILABLE', 'not now')
            truncated++
            return truncate(...target)
          }
          return log
        },
      }
    },
  }
  const wal = await open({ builder })
  await wal.append(message('1'))
  const { position } = await wal.append(message('2'))
  await assert.rejects(wal.truncate(position), { code: 'WAL_UNAVAILABLE' })
  await wal.truncate(position)
  assert.equal(truncated, 1)
})

test('truncate stores the new beginning before it frees anything, so a crash in between loses nothing', async () => {
  let known: string | undefined
  const builder = overMemory((log) => ({
    async truncate(before) {
      const last = await log.last()
      known = propertyOf(last?.properties ?? [], RESERVED.truncationPoint)
      return log.truncate(before)
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const { position } = await wal.append(message('2'))
  await wal.append(message('3'))
  await wal.truncate(position)
  assert.ok(known, 'the last record names no truncation point')
})

test('G11 a barrier that waited for room during a truncation does not undo the truncation', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000, budgetBytes: 1 << 20 })
  const { position } = await wal.append(message('1'))
  await wal.append(message('2'))
  // This append is in flight and takes all the room. The barrier waits for room, the truncation's own time tick does not.
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const large = wal.append(message('3'.padEnd(900_000)))
  await turn()
  const barrier = wal.barrier()
  const truncated = wal.truncate(position)
  await turn()
  backend.letGo()
  await within(Promise.all([large, barrier, truncated]))
  await wal.close()
  const again = await open()
  await assert.rejects(texts(again.read({ from: position }), 1), { code: 'WAL_POSITION_TRUNCATED' })
  assert.deepEqual(await texts(again.read({ deliver: 'all' }), 1), ['2'])
})

test('G11 a message that was sent twice can be read from its position, though the record before it was freed', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const tailing = wal.read()
  assert.deepEqual(textOf((await within(tailing.next())).value as never), '1')
  backend.plan = { script: { append: { 1: 'fail' } } }
  // The position from append names the message before it as the start; that from a reader names the message itself.
  const { position } = await wal.append(message('2'))
  assert.deepEqual(textOf((await within(tailing.next())).value as never), '2')
  const delivered = wal.read({ from: position })
  await delivered.next()
  await wal.truncate(delivered.position as string)
  const next = await open()
  await next.append(message('3'))
  await assert.rejects(wal.append(message('x')), { code: 'WAL_FENCED' })
  // The reader falls out of the buffer and reads the backend again.
  assert.deepEqual(textOf((await within(tailing.next())).value as never), '3')
  for (const log of [wal, next])
    for (const gaps of ['reject', 'deliver'] as const) {
      const rest = log.read({ after: position, until: 'end', gaps })
      assert.deepEqual(await collect(rest).then((all) => all.map(({ kind }) => kind)), ['message'])
      await assert.rejects(texts(log.read({ from: position }), 1), { code: 'WAL_POSITION_TRUNCATED' })
    }
})

test('G11 a truncation whose position names an already freed record as start leaves the log readable', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  backend.plan = { script: { append: { 1: 'fail' } } }
  // Both messages were sent twice. Their positions name the message before them as the start.
  const sent = await wal.appendBatch([message('2'), message('3')])
  await wal.append(message('4'))
  const reader = await openReader()
  const seen = await collect(reader.read({ until: 'end' }))
  for (const [at, left] of [
    [0, ['3', '4']],
    [1, ['4']],
  ] as const) {
    // The same place twice: the position from a reader, and the position from append.
    await wal.truncate(seen[at + 1]?.position as string)
    await wal.truncate(sent[at]?.position as string)
    for (const log of [wal, reader]) assert.deepEqual(await texts(log.read({ until: 'end' })), left)
  }
})

test('a message that was sent twice is found behind the truncation point, though its position starts below that point', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  backend.plan = { script: { append: { 1: 'fail' } } }
  const [, third] = await wal.appendBatch([message('2'), message('3')])
  await wal.append(message('4'))
  const [, second] = await collect((await openReader()).read({ until: 'end' }))
  await wal.truncate(second?.position as string)
  await wal.truncate(third?.position as string)
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['4'])
})

test('truncate at a damaged position is refused and removes nothing', async () => {
  const { wal, positions } = await filled()
  const [wal1, backend, identity, id, term, incarnation, tick] = (positions[4] as string).split(':')
  const damaged = [
    [wal1, backend, identity, '%20%20', term, incarnation, tick],
    [wal1, backend, identity, 'ZZ%20Z', term, incarnation, tick],
    [wal1, backend, identity, '!', term, incarnation, tick],
    [wal1, backend, identity, id, term, '', tick],
    [wal1, backend, identity, id, term, 'a b', tick],
    [wal1, backend, identity, id, '-1', incarnation, tick],
    [wal1, backend, identity, id, term, incarnation, 'TICK'],
    [wal1, backend, identity, id, term, incarnation, 'zzzzzzzzzzzzz'],
  ].map((fields) => fields.join(':'))
  for (const position of damaged)
    await assert.rejects(wal.truncate(position), { code: 'WAL_INVALID_ARGUMENT' })
  await wal.append(message('10'))
  await wal.barrier()
  const again = await open()
  assert.deepEqual(await texts(again.read({ until: 'end' })), [...ten, '10'])
})

test('G12 a read-only log refuses to write with WAL_READ_ONLY and creates nothing', async () => {
  await assert.rejects(openReader({ channel: 'nowhere' }), { code: 'WAL_CHANNEL_NOT_FOUND' })
  await assert.rejects(openReader({ channel: 'nowhere' }), { code: 'WAL_CHANNEL_NOT_FOUND' })
  const { positions } = await filled()
  const reader = (await openReader()) as unknown as Record<string, (given?: unknown) => Promise<unknown>>
  for (const name of ['append', 'appendBatch', 'barrier', 'truncate'])
    await assert.rejects(async () => reader[name]?.(positions[0]), { code: 'WAL_READ_ONLY' })
  assert.ok(AppendError)
})

test('an open whose look at the log’s end is overtaken by a truncation looks again and knows the log', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const results = await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  const [first, second, third] = results.map(({ position }) => position)
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  let overtake = async (): Promise<void> => {}
  // The truncation comes after the look has asked for the last record and before it reads the time tick that this record names.
  const builder: OpenerBuilderImpls = {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      const openReadOnly = opener.openReadOnly.bind(opener)
      opener.openReadOnly = async (...given) => {
        const log = await openReadOnly(...given)
        const last = log.last.bind(log)
        log.last = async (waits) => {
          const record = await last(waits)
          await overtake()
          return record
        }
        return log
      }
      return opener
    },
  }
  const reader = await openReader({ builder })
  overtake = async () => {
    overtake = async () => {}
    await wal.truncate(second as string)
  }
  const behind = reader.read({ after: third as string })
  await behind.ready()
  await wal.append(message('4'))
  assert.equal(textOf((await behind.next()).value as never), '4')
  await assert.rejects(reader.read({ from: first as string }).ready(), { code: 'WAL_POSITION_TRUNCATED' })
})
