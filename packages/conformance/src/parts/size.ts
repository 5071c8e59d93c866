import assert from 'node:assert/strict'
import { recordBytes } from '@wal/walimpls'
import type { AdaptorError } from '../kit/adaptor.js'
import { text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

const MIB = 1 << 20
/** The largest record that the kit makes, in bytes, since it has to fit into memory. A limit above this is not tested. */
const LARGEST_MADE = 64 * MIB
/** The most bytes of properties that the kit makes. Fewer, since properties take more memory: each one is two strings. */
const MOST_IN_PROPERTIES = 8 * MIB
const MANY = 1000
/**
 * Each key has two bytes, and no value has any. The lengths that an encoding adds then take as many bytes as the keys, or more.
 */
const TINY_PROPERTIES = Array.from({ length: MANY }, (_, i) => [i.toString(36).padStart(2, '0'), '']).flat()
const TINY_BYTES = 2 * MANY

/** G10 and G19: records and batches up to the declared limits are stored; a larger message is refused. */
export function sizePart({ test }: PartContext): void {
  function noise(size: number): Uint8Array {
    const payload = new Uint8Array(size)
    for (let i = 0, x = 1; i < size; i++) {
      x = (x * 1_103_515_245 + 12_345) & 0x7fffffff
      payload[i] = x >> 16
    }
    return payload
  }

  test('every limit is a whole number of at least 1', async (scene) => {
    const { limits } = (await scene.writer(1)).wal
    for (const name of ['maxRecordBytes', 'maxBatchBytes', 'maxBatchMessages', 'maxInFlightBatches'] as const)
      assert.ok(
        limits[name] >= 1 && Number.isSafeInteger(limits[name]),
        `limits.${name} is ${limits[name]}. It has to be a whole number of at least 1.`,
      )
  })

  test('round trip of 8 MiB, or of the largest record when that is smaller', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const payload = noise(Math.min(8 * MIB, wal.limits.maxRecordBytes))
    await append({ payload, properties: [] })
    await append(text('behind'))
    const [, stored, behind] = await readAll(wal)
    assert.equal(Buffer.compare(stored?.payload ?? Uint8Array.of(), payload), 0)
    assert.deepEqual(textsOf(behind === undefined ? [] : [behind]), ['behind'])
  })

  test('a record of exactly limits.maxRecordBytes is stored', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const properties = ['key', 'value']
    const overhead = recordBytes({ payload: Uint8Array.of(), properties })
    const payload = new Uint8Array(Math.min(LARGEST_MADE, wal.limits.maxRecordBytes) - overhead)
    payload[payload.length - 1] = 7
    await append({ payload, properties })
    const last = await wal.last()
    assert.equal(last?.payload.length, payload.length)
    assert.equal(last?.payload.at(-1), 7)
  })

  test('a batch of limits.maxBatchMessages records is stored', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const { maxBatchMessages, maxBatchBytes } = wal.limits
    const count = Math.min(maxBatchMessages, 10_000, Math.floor(maxBatchBytes / 64))
    const ids = await append(...Array.from({ length: count }, (_, i) => text(`${i}`)))
    assert.equal(ids.length, count)
    assert.equal((await readAll(wal)).length, count + 1)
  })

  test('a batch of limits.maxBatchBytes is stored when all its bytes are in tiny properties', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const { maxBatchMessages, maxBatchBytes } = wal.limits
    const fitting = Math.floor(Math.min(maxBatchBytes, MOST_IN_PROPERTIES) / TINY_BYTES)
    const count = Math.max(1, Math.min(maxBatchMessages, fitting))
    const record = { payload: Uint8Array.of(), properties: TINY_PROPERTIES }
    await append(...new Array(count).fill(record))
    assert.deepEqual((await wal.last())?.properties, TINY_PROPERTIES)
    const scanner = scene.scan(wal, 'oldest')
    let read = 0
    for (let batch = await scanner.next(); batch && batch.length > 0; batch = await scanner.next())
      read += batch.length
    assert.equal(read, count + 1)
  })

  test('a record over limits.maxBatchBytes is stored, and one with many tiny properties is stored or refused for good', async (scene) => {
    const { wal, append, batch } = await scene.writer(1)
    const { maxBatchBytes, maxRecordBytes } = wal.limits
    const size = Math.min(maxRecordBytes, maxBatchBytes + MIB, LARGEST_MADE)
    await append({ payload: noise(size), properties: [] })
    const tiny = Math.floor(Math.min(size, MIB) / 4)
    const properties = Array.from({ length: tiny }, (_, i) => [i.toString(36).padStart(4, '0'), '']).flat()
    const sent = batch({ payload: Uint8Array.of(), properties })
    const outcome = await wal.append(sent).then(
      () => 'stored',
      (error: AdaptorError) => `${error.code}, ${error.outcome}`,
    )
    assert.ok(
      ['stored', 'WAL_MESSAGE_TOO_LARGE, not-written', 'WAL_INVALID_ARGUMENT, not-written'].includes(outcome),
      `The append of a record with ${tiny} tiny properties came to: ${outcome}. It has to be stored, or rejected as not written with WAL_MESSAGE_TOO_LARGE or WAL_INVALID_ARGUMENT.`,
    )
    await append(text('behind'))
    const stored = await readAll(wal)
    assert.equal(stored.length, outcome === 'stored' ? 4 : 3)
    assert.equal(stored[1]?.payload.length, size)
    assert.deepEqual(textsOf(stored.slice(-1)), ['behind'])
  })

  test('through the adaptor: a message over the limit rejects at once with WAL_MESSAGE_TOO_LARGE and is not written', async (scene) => {
    const { wal: log, opener } = await scene.writer(1, `${scene.channel}-limits`)
    const { maxRecordBytes } = log.limits
    await opener.close()
    const wal = await scene.open({ budgetBytes: 4 * Math.min(maxRecordBytes, 2 * LARGEST_MADE) + 64 * MIB })
    if (maxRecordBytes <= 2 * LARGEST_MADE)
      await rejectsWith(wal.append({ payload: new Uint8Array(maxRecordBytes + 1) }), 'WAL_MESSAGE_TOO_LARGE')
    const payload = noise(Math.floor(Math.min(8 * MIB, maxRecordBytes) / 2))
    await wal.append({ payload })
    const [record, ...more] = await deliveredTo(wal)
    assert.equal(Buffer.compare(record?.payload ?? Uint8Array.of(), payload), 0)
    assert.equal(more.length, 0)
  })

  test('through the adaptor: a message larger than the budget is admitted alone', async (scene) => {
    const wal = await scene.open({ budgetBytes: MIB, maxWaitingBytes: 16 * MIB, batchBytes: 1024 })
    const { limits } = (await scene.writer(1, `${scene.channel}-limits`)).wal
    const size = Math.min(3 * MIB, Math.floor(limits.maxRecordBytes / 2))
    const sent = [size, 10, size, 10].map((length) => wal.append({ payload: new Uint8Array(length) }))
    await Promise.all(sent)
    assert.deepEqual(
      (await deliveredTo(wal)).map(({ payload }) => payload.length),
      [size, 10, size, 10],
    )
  })
}
