import { WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { fileBuilder } from '../src/builder.js'
import type { FileOpener } from '../src/opener.js'
import { batchOf, textOf } from './batches.js'
import { fill, idsOf, range, readAll } from './on-disk.js'
import { SimulatedDisk } from './simulated-disk.js'
import { simulatedRuntime } from './simulated-runtime.js'

const BATCHES = 6
const SIZE = 2
const RECORDS = BATCHES * SIZE

/** A simulated disk without delays and without random faults. */
async function logOn(closed: boolean): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(() => 0)
  const opener = await openerOn(disk)
  const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
  await fill(wal, BATCHES, { size: SIZE, padding: 0 })
  if (closed) await opener.close()
  return disk
}

async function openerOn(disk: SimulatedDisk): Promise<FileOpener> {
  const runtime = simulatedRuntime(disk.mount().files, () => 0)
  return (await fileBuilder.build({ path: '/data', segmentBytes: 400 }, runtime)) as FileOpener
}

/** The warnings, errors and records that a new writer and its reader get from the damaged log. */
async function outcome(disk: SimulatedDisk) {
  const opener = await openerOn(disk)
  try {
    const wal = await opener.open('orders', { term: 2, incarnation: 'two' })
    await wal.append(batchOf(0, ['opening']))
    const found = await readAll(wal)
    return {
      texts: found.map(textOf),
      ids: idsOf(found),
      warnings: wal.guarantees.warnings,
      error: undefined,
    }
  } catch (error) {
    return { texts: [], ids: [], warnings: [], error }
  } finally {
    await opener.close()
  }
}

const whole = [...range(0, RECORDS - 1).map((n) => `record ${n}`), 'opening']

test.each([
  ['closed cleanly', true],
  ['left by a crash', false],
])('a flipped bit at any byte of a log %s is an error or is cut, and never wrong data', async (_, closed) => {
  const original = await logOn(closed)
  const seen = { corrupt: 0, cut: 0, harmless: 0 }
  const segments = original.paths().filter((path) => path.endsWith('.seg'))
  expect(segments.length).toBeGreaterThan(1)
  for (const path of segments) {
    for (let at = 0; at < original.bytesOf(path).length; at++) {
      const disk = original.copy()
      const bytes = disk.bytesOf(path)
      bytes[at] = (bytes[at] as number) ^ (1 << ((at * 5) % 8))
      const { texts, ids, warnings, error } = await outcome(disk)
      const place = `${path}, byte ${at}`
      if (error !== undefined) {
        expect(WalError.isInstance(error) && error.code, `${place}: ${String(error)}`).toBe('WAL_CORRUPT')
        expect((error as Error).message, place).toMatch(/\.seg, offset [0-9]+/)
        seen.corrupt++
      } else if (texts.length < whole.length) {
        expect(closed, `${place}: cut from a log that was closed cleanly`).toBe(false)
        expect(texts, place).toEqual([...whole.slice(0, RECORDS - SIZE), 'opening'])
        expect(warnings, place).not.toEqual([])
        expect(ids, place).toEqual(range(1, texts.length))
        seen.cut++
      } else {
        // The flipped bit is in the mark of the clean close. All records are there, and the damage is reported.
        expect(texts, place).toEqual(whole)
        expect(warnings, place).toHaveLength(1)
        seen.harmless++
      }
    }
  }
  console.log(closed ? 'closed cleanly' : 'left by a crash', seen)
  expect(seen.corrupt).toBeGreaterThan(0)
})

test('a segment that is cut short or overwritten at its end counts as torn only when it is the last one', async () => {
  const original = await logOn(false)
  const segments = original.paths().filter((path) => path.endsWith('.seg'))
  for (const [i, path] of segments.entries()) {
    const disk = original.copy()
    disk.bytesOf(path).fill(0, disk.bytesOf(path).length - 20)
    const { texts, warnings, error } = await outcome(disk)
    if (i < segments.length - 1) expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
    else {
      expect(texts).toEqual([...whole.slice(0, RECORDS - SIZE), 'opening'])
      expect(warnings).toHaveLength(1)
    }
  }
})

test('a reader gives the records before the damage, then rejects with the place of the damage', async () => {
  const disk = await logOn(true)
  const first = disk.paths().find((path) => path.endsWith('.seg')) as string
  const bytes = disk.bytesOf(first)
  bytes[bytes.length - 1] = 1
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1
  const opener = await openerOn(disk)
  const wal = await opener.openReadOnly('orders')
  const scanner = wal.read({ start: 'oldest', maxBytes: 100_000 })
  const before = await scanner.next()
  expect(before?.map(textOf)).toEqual(whole.slice(0, before?.length))
  expect(before?.length).toBeGreaterThan(0)
  for (let again = 0; again < 2; again++)
    await expect(scanner.next()).rejects.toMatchObject({
      code: 'WAL_CORRUPT',
      message: expect.stringContaining(first),
    })
  await opener.close()
})

test('a writer goes on when a full disk has room again, and leaves no remains of failed writes', async () => {
  const disk = await logOn(true)
  const opener = await openerOn(disk)
  const wal = await opener.open('orders', { term: 2, incarnation: 'two' })
  await wal.append(batchOf(0, ['opening']))
  disk.full = true
  const batch = batchOf(1, ['in want of room'])
  for (let i = 0; i < 5; i++) {
    const together = [wal.append(batch), wal.append(batchOf(2, ['behind']))]
    const [first, behind] = await Promise.allSettled(together)
    expect(first).toMatchObject({
      reason: { code: 'WAL_STORAGE_FULL', retryable: true, outcome: 'unknown' },
    })
    expect(behind).toMatchObject({ reason: { outcome: 'not-written' } })
    expect((first as { reason: Error }).reason.message).toContain('The disk is full')
  }
  const files = disk.paths().length
  disk.full = false
  expect(await wal.append(batch)).toMatchObject([{ value: RECORDS + 2 }])
  expect(disk.paths().length).toBeLessThanOrEqual(files + 1)
  expect((await readAll(wal)).map(textOf)).toEqual([...whole, 'in want of room'])
  await opener.close()
})

test('after a failed sync the batch is stored in a new segment, and the one before is sealed at its durable end', async () => {
  const disk = await logOn(true)
  const opener = await openerOn(disk)
  const wal = await opener.open('orders', { term: 2, incarnation: 'two' })
  await wal.append(batchOf(0, ['opening']))
  const before = disk.paths().length
  disk.ioErrorRate = 1
  const batch = batchOf(1, ['once more'])
  await expect(wal.append(batch)).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', outcome: 'unknown' })
  disk.ioErrorRate = 0
  await wal.append(batch)
  expect(disk.paths().length).toBe(before + 1)
  disk.crash()
  expect((await outcome(disk)).texts).toEqual([...whole, 'once more', 'opening'])
})
