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

test.each([1, 4])('a reader makes records durable before it gives them out: %i batches', async (batches) => {
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
  // The writer has written its last batch and not synced it yet.
  disk.forgetSync(bytes)
  const reading = await openerOn()
  const given = (await readAll(await reading.openReadOnly('orders'))).map(textOf)
  expect(given).toHaveLength(2 * batches)
  // The power fails, and everything that was not synced is lost.
  disk.crash(() => 0.99)
  const after = await (await openerOn()).open('orders', { term: 2, incarnation: 'two' })
  await after.append(batchOf(0, ['opening']))
  expect((await readAll(after)).map(textOf)).toEqual([...given, 'opening'])
})

test('a reader holds back the last batch of a replaced writer until the newer writer has decided about it', async () => {
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
  // A newer writer takes the epoch and dies just before the older one's batch reaches the file.
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

test('an idle reader rarely reads the disk', async () => {
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

test('a reader goes on when a newer writer has written the reader’s segment again', async () => {
  const path = temporaryFolder()
  const older = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
  await older.append(batchOf(0, ['first', 'second']))
  const reader = (await (await openerFor(path)).openReadOnly('orders')).read({
    start: 'oldest',
    maxBytes: 3_000,
  })
  expect(await next(reader)).toEqual(['first', 'second'])
  // A segment with one batch is removed from the log. The next writer repeats the batch in a segment of its own.
  const newer = await (await openerFor(path)).open('orders', { term: 2, incarnation: 'two' })
  await newer.append(batchOf(0, ['opening']))
  expect(await next(reader)).toEqual(['opening'])
  await reader.close()
})

test('a reader goes on when a writer wrote a batch again that it did not know to be durable', async () => {
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
  // The batch is whole in a segment of its own, and the reader makes it durable itself.
  expect(await next(reader)).toEqual(['second'])
  await wal.append(second)
  await wal.append(batchOf(2, ['third']))
  expect(await next(reader)).toEqual(['third'])
})

test('a reader whose segment and the next ones were removed rejects', {
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
  // The writer fills the reader's segment and two more, then removes all segments before the last.
  const ids = await fill(wal, 20, { sequence: 5 })
  await wal.truncate(ids.at(-1) as NumberId)
  await expect(
    (async () => {
      for (;;) await next(reader)
    })(),
  ).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test.each([1, 40])(
  'a reader that has read part of a batch of %i does not go on when another batch lies in its place',
  async (size) => {
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
    // The folder is put back to its earlier state. In it another writer takes over and fills several segments.
    for (const name of names) if (name.endsWith('.seg')) rmSync(join(folder, name))
    const newer = await (await openerFor(path)).open('orders', { term: 2, incarnation: 'two' })
    await fill(newer, 20, { size: 3 })
    await expect(next(reader)).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE' })
  },
)

/** The texts of the next messages of a scanner. */
async function next(scanner: ScannerImpls<NumberId>): Promise<string[]> {
  for (;;) {
    const messages = await scanner.next()
    if (messages?.length !== 0) return (messages ?? []).map(textOf)
  }
}
