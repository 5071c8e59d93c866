import assert from 'node:assert/strict'
import { mustGetBuilder, type OpenerImpls, outcomeOf, systemRuntime } from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl, readOptions } from '@wal/walimpls/helper'
import { type MemoryId, memoryBuilder, registerMemoryBackend, resetMemory } from '@wal/walimpls/testing'
import { test } from 'vitest'
import { batchOf, openWriter, text, textsOf, writerOf } from '../src/kit/batches.js'
import { rejectsWith } from '../src/kit/patience.js'
import { readAll } from '../src/kit/reading.js'

const build = (options: object): Promise<OpenerImpls<MemoryId>> =>
  memoryBuilder().build(readOptions(memoryBuilder().options, options, 'memory'), systemRuntime)

test('importing registers it; its URL names the store', () => {
  registerMemoryBackend()
  const builder = mustGetBuilder('memory')
  assert.deepEqual(optionsFromUrl(builder, parseBackendUrl('memory:orders')), { name: 'orders' })
  assert.deepEqual(optionsFromUrl(builder, parseBackendUrl('memory:')), {})
})

test('logs stay with their name until reset', async () => {
  const { wal, opener } = await openWriter(await build({ name: 'one' }), 'orders', writerOf(1))
  await opener.close()
  await rejectsWith((await build({ name: 'two' })).openReadOnly('orders'), 'WAL_CHANNEL_NOT_FOUND')
  const reader = await (await build({ name: 'one' })).openReadOnly('orders')
  assert.equal((await readAll(reader)).length, 1)
  const scanner = reader.read({ start: 'latest', maxBytes: 1 })
  assert.deepEqual(await scanner.next(), [])
  const next = scanner.next()
  resetMemory('one')
  await rejectsWith(next, 'WAL_CHANNEL_NOT_FOUND')
  await rejectsWith(wal.last(), 'WAL_CLOSED')
})

test('a failed batch takes those behind it along, not those before; resent they are stored', async () => {
  const { wal, batch } = await openWriter(
    await build({ name: 'failing', maxRecordBytes: 1024 }),
    'orders',
    writerOf(1),
  )
  const batches = [batch(text('a')), batch(text('x'.repeat(2000))), batch(text('b')), batch(text('c'))]
  const results = await Promise.allSettled(batches.map((each) => wal.append(each)))
  assert.deepEqual(
    results.map((each) =>
      each.status === 'rejected' ? `${each.reason.code} ${outcomeOf(each.reason)}` : 'stored',
    ),
    [
      'stored',
      'WAL_MESSAGE_TOO_LARGE not-written',
      'WAL_UNAVAILABLE not-written',
      'WAL_UNAVAILABLE not-written',
    ],
  )
  for (const each of batches.slice(2)) await wal.append(each)
  assert.deepEqual(textsOf((await readAll(wal)).slice(1)), ['a', 'b', 'c'])
})

test('an append never settles in the turn of its call, and no more than the limit fly', async () => {
  const { wal } = await openWriter(await build({ name: 'turns' }), 'orders', writerOf(1))
  let settled = 0
  const calls = [1, 2, 3, 4, 5].map((i) => wal.append(batchOf(i, [text(`${i}`)])).finally(() => settled++))
  for (let i = 0; i < 100; i++) await Promise.resolve()
  assert.equal(settled, 0)
  await Promise.all(calls.slice(0, 4))
  await rejectsWith(calls[4] as Promise<unknown>, 'WAL_INVALID_ARGUMENT')
})
