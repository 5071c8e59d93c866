import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as walimpls from '@wal/walimpls'
import { type Runtime, systemRuntime } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { messageIds } from '../src/message-id.js'
import { batchOf, textOf } from './batches.js'
import { fill, idsOf, openerFor, range, readAll, temporaryFolder } from './on-disk.js'

const writer = { term: 1, incarnation: 'one' }
const second = { term: 2, incarnation: 'two' }

test('a log that rolls over to new segments is read whole, and ids go on under the next writer', async () => {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  const wal = await opener.open('orders', writer)
  expect(await wal.last()).toBeUndefined()
  expect(idsOf((await fill(wal, 40)).map((id) => ({ id })))).toEqual(range(1, 200))
  expect(readdirSync(join(path, 'orders')).filter((name) => name.endsWith('.seg')).length).toBeGreaterThan(5)
  await wal.close()
  const next = await opener.open('orders', second)
  expect((await next.last())?.id.value).toBe(200)
  expect(await next.append(batchOf(0, ['a', 'b']))).toEqual([messageIds.of(201), messageIds.of(202)])
  const all = await readAll(next)
  expect(idsOf(all)).toEqual(range(1, 202))
  expect(all.map(textOf)).toEqual([...range(0, 199).map((n) => `record ${n}`), 'a', 'b'])
  expect(next.guarantees.warnings).toEqual([])
})

test('a scanner can start at any record, also in the middle of a batch', async () => {
  const opener = await openerFor(temporaryFolder())
  const wal = await opener.open('orders', writer)
  await fill(wal, 40)
  for (const from of [-3, 1, 2, 7, 99, 100, 101, 200])
    expect(idsOf(await readAll(wal, { from: messageIds.of(from) }))).toEqual(range(Math.max(1, from), 200))
})

test('a scanner waits at the end, and for the first record of an empty log', async () => {
  const opener = await openerFor(temporaryFolder())
  const wal = await opener.open('orders', writer)
  const empty = wal.read({ start: 'oldest', maxBytes: 100_000 })
  expect(await empty.next()).toEqual([])
  const first = empty.next()
  const above = wal.read({ start: { from: messageIds.of(12) }, maxBytes: 100_000 })
  expect(await above.next()).toEqual([])
  const later = above.next()
  await fill(wal, 3)
  expect(idsOf((await first) ?? [])[0]).toBe(1)
  expect(idsOf((await later) ?? [])[0]).toBe(12)
})

test('a latest scanner begins behind the records that are stored when it is ready', async () => {
  const opener = await openerFor(temporaryFolder())
  const wal = await opener.open('orders', writer)
  await fill(wal, 20)
  const scanner = wal.read({ start: 'latest', maxBytes: 100_000 })
  await scanner.ready()
  await fill(wal, 1, { sequence: 100 })
  expect(await scanner.next().then((found) => (found?.length ? found : scanner.next()))).toMatchObject(
    range(101, 105).map((value) => ({ id: { value } })),
  )
})

test('close ends a waiting scanner, and an abort rejects it with its reason', async () => {
  const opener = await openerFor(temporaryFolder())
  const wal = await opener.open('orders', writer)
  await fill(wal, 1)
  const abort = new AbortController()
  const closed = wal.read({ start: 'latest', maxBytes: 1_000 })
  const aborted = wal.read({ start: 'latest', maxBytes: 1_000, signal: abort.signal })
  expect(await closed.next()).toEqual([])
  expect(await aborted.next()).toEqual([])
  const waiting = [closed.next(), aborted.next()] as const
  abort.abort(new Error('enough'))
  await expect(waiting[1]).rejects.toThrow('enough')
  await wal.close()
  expect(await waiting[0]).toBeUndefined()
  await expect(wal.append(batchOf(5, ['late']))).rejects.toMatchObject({
    code: 'WAL_CLOSED',
    outcome: 'not-written',
  })
})

test('truncate removes whole segments, the oldest first, and never the last', async () => {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  const wal = await opener.open('orders', writer)
  await fill(wal, 40)
  const inTheMiddle = wal.read({ start: { from: messageIds.of(40) }, maxBytes: 100 })
  expect(idsOf((await inTheMiddle.next()) ?? [])[0]).toBe(40)
  await wal.truncate(messageIds.of(100))
  const oldest = idsOf(await readAll(wal))[0] as number
  expect(oldest).toBeGreaterThan(60)
  expect(oldest).toBeLessThanOrEqual(100)
  await expect(readAll(wal, { from: messageIds.of(oldest - 1) })).rejects.toMatchObject({
    code: 'WAL_POSITION_TRUNCATED',
    oldest: messageIds.serialise(messageIds.of(oldest)),
  })
  const rest: number[] = [40]
  const readOn = async () => {
    for (;;) rest.push(...idsOf((await inTheMiddle.next()) ?? []))
  }
  // The reader has its segment open. It reads that segment to the end and then notices the gap.
  await expect(readOn()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
  await wal.truncate(messageIds.of(10))
  expect(idsOf(await readAll(wal))[0]).toBe(oldest)
  await wal.truncate(messageIds.of(10_000))
  expect(idsOf(await readAll(wal)).at(-1)).toBe(200)
  expect(readdirSync(join(path, 'orders')).filter((name) => name.endsWith('.seg'))).toHaveLength(1)
})

test('of two writers the one that opened later goes on and the other is fenced', async () => {
  const path = temporaryFolder()
  const [one, two] = [await openerFor(path), await openerFor(path)]
  const old = await one.open('orders', writer)
  const young = await two.open('orders', second)
  await fill(old, 10)
  // The open alone does not affect the other writer.
  await fill(old, 1, { sequence: 50 })
  const racing = [old.append(batchOf(55, ['old'])), young.append(batchOf(0, ['young']))] as const
  const [oldResult, youngResult] = await Promise.allSettled(racing)
  expect(youngResult.status).toBe('fulfilled')
  await expect(old.append(batchOf(56, ['late']))).rejects.toMatchObject({ code: 'WAL_FENCED' })
  await expect(old.truncate(messageIds.of(30))).rejects.toMatchObject({ code: 'WAL_FENCED' })
  const texts = (await readAll(young)).map(textOf)
  if (oldResult.status === 'fulfilled') expect(texts).toContain('old')
  expect(texts.at(-1)).toBe('young')
  // The same writer may open again and take the fence back. Its sequence goes on.
  await old.close()
  const again = await one.open('orders', writer)
  await again.append(batchOf(55, ['again']))
  await expect(young.append(batchOf(1, ['late']))).rejects.toMatchObject({ code: 'WAL_FENCED' })
  expect((await readAll(young)).map(textOf).at(-1)).toBe('again')
})

test('a read-only open of a missing channel rejects and creates nothing', async () => {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  await expect(opener.openReadOnly('orders')).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  await expect(opener.delete('orders')).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  expect(readdirSync(path)).toEqual([])
  await opener.open('empty', writer)
  await expect(opener.openReadOnly('empty')).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  expect(await opener.list()).toEqual([])
})

test('every folder that an open creates is made durable in its parent', async () => {
  const path = temporaryFolder()
  const synced = new Set<string>()
  const files: Runtime['files'] = {
    ...systemRuntime.files,
    async syncDirectory(directory) {
      synced.add(directory)
      await systemRuntime.files.syncDirectory(directory)
    },
  }
  const opener = await openerFor(join(path, 'a', 'b'), { ...systemRuntime, files })
  await opener.open('orders', writer)
  expect([...synced].sort()).toEqual([path, join(path, 'a'), join(path, 'a', 'b')])
})

test('list names the channels, and delete removes one and fences its writer', async () => {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  const wal = await opener.open('orders', writer)
  await fill(wal, 10)
  await fill(await opener.open('returns', writer), 1)
  expect([...(await opener.list())].sort()).toEqual(['orders', 'returns'])
  await opener.delete('orders')
  await expect(wal.append(batchOf(50, ['late']))).rejects.toMatchObject({ code: 'WAL_FENCED' })
  expect(await opener.list()).toEqual(['returns'])
  expect(readdirSync(path)).toEqual(['returns'])
})

test('large and unusual records come back exactly', async () => {
  const opener = await openerFor(temporaryFolder(), systemRuntime, 65_536)
  const wal = await opener.open('orders', writer)
  const messages = [
    { payload: Buffer.alloc(0), properties: [] },
    { payload: Buffer.alloc(9 * 2 ** 20, 'large'), properties: ['__proto__', '', 'ключ', '値 🜚'] },
    { payload: Buffer.from([0, 255, 0]), properties: range(1, 200).map(String) },
  ]
  for (const [sequence, message] of messages.entries())
    await wal.append(walimpls.batchOf(sequence, [message]))
  const found = await readAll(wal)
  expect(found.map(({ properties }) => properties)).toEqual(messages.map(({ properties }) => properties))
  for (const [i, { payload }] of found.entries())
    expect(Buffer.compare(payload, (messages[i] as { payload: Buffer }).payload)).toBe(0)
})

test('close closes every file handle, also those of readers', async () => {
  let open = 0
  const runtime: Runtime = {
    ...systemRuntime,
    files: {
      ...systemRuntime.files,
      async open(path, mode) {
        const file = await systemRuntime.files.open(path, mode)
        open++
        const close = async () => {
          open--
          await file.close()
        }
        return { ...file, close }
      },
    },
  }
  const opener = await openerFor(temporaryFolder(), runtime)
  const wal = await opener.open('orders', writer)
  await fill(wal, 20)
  const reader = await opener.openReadOnly('orders')
  const scanner = reader.read({ start: { from: messageIds.of(50) }, maxBytes: 100 })
  await scanner.next()
  await reader.last()
  expect(open).toBeGreaterThan(1)
  await opener.close()
  expect(open).toBe(0)
})
