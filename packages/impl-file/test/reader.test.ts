import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type File, type FileSystem, type ScannerImpls, systemRuntime } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { fileBuilder } from '../src/builder.js'
import { claimEpoch } from '../src/epoch.js'
import type { FileOpener } from '../src/opener.js'
import { batchOf, textOf } from './batches.js'
import { fill, openerFor, readAll, temporaryFolder } from './on-disk.js'
import { SimulatedDisk } from './simulated-disk.js'
import { simulatedRuntime } from './simulated-runtime.js'

test.each([1, 4])('what a reader gives out it has made durable: %i batches', async (batches) => {
  const disk = new SimulatedDisk(() => 0)
  const openerOn = async () =>
    (await fileBuilder.build(
      { path: '/data', segmentBytes: 100_000 },
      simulatedRuntime(disk.mount().files, () => 0),
    )) as FileOpener
  const opener = await openerOn()
  const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
  if (batches > 1) await fill(wal, batches - 1, { size: 2 })
  const synced = disk.paths().find((path) => path.endsWith('.seg'))
  const bytes = synced === undefined ? 0 : disk.bytesOf(synced).length
  await fill(wal, 1, { size: 2, sequence: 2 * batches - 2 })
  // The writer is between its last write and that one's sync.
  disk.forgetSync(bytes)
  const reading = await openerOn()
  const given = (await readAll(await reading.openReadOnly('orders'))).map(textOf)
  expect(given).toHaveLength(2 * batches)
  // Loses everything that was not synced.
  disk.crash(() => 0.99)
  const after = await (await openerOn()).open('orders', { term: 2, incarnation: 'two' })
  await after.append(batchOf(0, ['opening']))
  expect((await readAll(after)).map(textOf)).toEqual([...given, 'opening'])
})

test('a batch that a superseded writer leaves is held back until its successor has decided', async () => {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  let beforeWrite = async () => {}
  const { files } = systemRuntime
  const interrupted: FileSystem = {
    ...files,
    async open(name, mode) {
      const file = await files.open(name, mode)
      const writeDurably: File['writeDurably'] = async (bytes, position) => {
        await beforeWrite()
        await file.writeDurably(bytes, position)
      }
      return { ...file, writeDurably }
    },
  }
  const older = await openerFor(path, { ...systemRuntime, files: interrupted })
  const wal = await older.open('orders', { term: 1, incarnation: 'one' })
  await fill(wal, 3, { padding: 0 })
  // A successor that takes the epoch and dies, just before the batch reaches the file.
  beforeWrite = async () => void (await claimEpoch(files, join(path, 'orders')))
  await expect(wal.append(batchOf(15, ['doubtful']))).rejects.toMatchObject({
    code: 'WAL_FENCED',
    outcome: 'unknown',
  })
  const reader = await opener.openReadOnly('orders')
  expect(await readAll(reader)).toHaveLength(15)
  expect((await reader.last())?.id.value).toBe(15)
  const scanner = reader.read({ start: 'oldest', maxBytes: 100_000 })
  expect(await scanner.next()).toHaveLength(15)
  expect(await scanner.next()).toEqual([])
  const waiting = scanner.next()
  const successor = await opener.open('orders', { term: 2, incarnation: 'two' })
  await successor.append(batchOf(0, ['opening']))
  expect((await waiting)?.map(textOf)[0]).toBe('doubtful')
  expect((await readAll(reader)).slice(15).map(textOf)).toEqual(['doubtful', 'opening'])
})

test('an idle reader asks the disk seldom', async () => {
  const path = temporaryFolder()
  let looks = 0
  const { files } = systemRuntime
  const counting = {
    ...files,
    existsNow(name: string) {
      looks++
      return files.existsNow(name)
    },
  }
  const opener = await openerFor(path, { ...systemRuntime, files: counting })
  const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
  await fill(wal, 3)
  const scanner = wal.read({ start: 'oldest', maxBytes: 100_000 })
  while (((await scanner.next()) ?? []).length > 0);
  const waiting = scanner.next()
  looks = 0
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(looks).toBeGreaterThan(0)
  expect(looks).toBeLessThan(40)
  await opener.close()
  expect(await waiting).toBeUndefined()
})

test('a reader goes on where the segment it read was written again by a successor', async () => {
  const path = temporaryFolder()
  const older = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
  await older.append(batchOf(0, ['first', 'second']))
  const reader = (await (await openerFor(path)).openReadOnly('orders')).read({
    start: 'oldest',
    maxBytes: 3_000,
  })
  expect(await next(reader)).toEqual(['first', 'second'])
  // A segment with one batch leaves the log: the next writer repeats the batch in a segment of its own.
  const newer = await (await openerFor(path)).open('orders', { term: 2, incarnation: 'two' })
  await newer.append(batchOf(0, ['opening']))
  expect(await next(reader)).toEqual(['opening'])
  await reader.close()
})

test('a reader goes on where a writer wrote a batch again that it was not told to be durable', async () => {
  const path = temporaryFolder()
  let failures = 0
  const files: FileSystem = {
    ...systemRuntime.files,
    async syncDirectory(name) {
      await systemRuntime.files.syncDirectory(name)
      if (failures-- > 0) throw Object.assign(new Error('EIO: the disk failed, syncing'), { code: 'EIO' })
    },
  }
  const opener = await openerFor(path, { ...systemRuntime, files })
  const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
  await wal.append(batchOf(0, ['first'], 4_000))
  const reader = (await (await openerFor(path)).openReadOnly('orders')).read({
    start: 'oldest',
    maxBytes: 30_000,
  })
  expect(await next(reader)).toEqual(['first'])
  failures = 1
  const second = batchOf(1, ['second'], 4_000)
  await expect(wal.append(second)).rejects.toMatchObject({ outcome: 'unknown' })
  // It lies in a segment of its own, whole, and the reader makes it durable itself.
  expect(await next(reader)).toEqual(['second'])
  await wal.append(second)
  await wal.append(batchOf(2, ['third']))
  expect(await next(reader)).toEqual(['third'])
})

test('a reader whose segment was removed under it, and those behind it, is told', {
  timeout: 15_000,
}, async () => {
  const path = temporaryFolder()
  const wal = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
  await fill(wal, 1)
  const reader = (await (await openerFor(path)).openReadOnly('orders')).read({
    start: 'oldest',
    maxBytes: 30_000,
  })
  expect(await next(reader)).toHaveLength(5)
  // Fills the reader's segment to its end and two more, and removes all that lies before the last.
  const ids = await fill(wal, 20, { sequence: 5 })
  await wal.truncate(ids.at(-1) as NumberId)
  await expect(
    (async () => {
      for (;;) await next(reader)
    })(),
  ).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test.each([1, 40])('a reader of another batch of %i than lies there now does not go on', async (size) => {
  const path = temporaryFolder()
  const folder = join(path, 'orders')
  const older = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
  await fill(older, 1, { size })
  const names = readdirSync(folder)
  const reader = (await (await openerFor(path)).openReadOnly('orders')).read({
    start: 'oldest',
    maxBytes: 30_000,
  })
  expect(await next(reader)).toHaveLength(size)
  // The folder of a moment ago, in which another writer takes over and fills several segments.
  for (const name of names) if (name.endsWith('.seg')) rmSync(join(folder, name))
  const newer = await (await openerFor(path)).open('orders', { term: 2, incarnation: 'two' })
  await fill(newer, 20, { size: 3 })
  await expect(next(reader)).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE' })
})

/** The texts of the next messages that there are. */
async function next(scanner: ScannerImpls<NumberId>): Promise<string[]> {
  for (;;) {
    const messages = await scanner.next()
    if (messages?.length !== 0) return (messages ?? []).map(textOf)
  }
}
