import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'vitest'
import type { Message } from '../src/index.js'
import {
  cleanLogs,
  faulty,
  isPending,
  message,
  open,
  openReader,
  pause,
  textOf,
  texts,
  within,
} from './harness.js'

cleanLogs()

test('G14 one signal serves 5,000 calls without a warning and keeps no listener', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, budgetBytes: 64 << 20 })
  const controller = new AbortController()
  const { signal } = controller
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  const appends = Array.from({ length: 5000 }, (_, i) => wal.append(message(String(i)), { signal }))
  const readers = Array.from({ length: 30 }, () => texts(wal.read({ until: 'end', signal })))
  await within(Promise.all(appends), 10_000)
  await within(Promise.all(readers), 10_000)
  await wal.barrier({ signal })
  await wal.appendBatch([message('a'), message('b')], { signal })
  for await (const _ of wal.appendAll([message('c')], { signal }));
  assert.equal(getEventListeners(signal, 'abort').length, 0)

  backend.plan = { script: { append: () => backend.hang() } }
  const lost = Array.from({ length: 5000 }, () => wal.append(message('x'), { signal }))
  await pause(1)
  const reason = new Error('stop')
  const settled = Promise.allSettled(lost)
  controller.abort(reason)
  const outcomes = await within(settled)
  assert.ok(outcomes.every((each) => each.status === 'rejected'))
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  await pause(5)
  process.off('warning', listen)
  assert.deepEqual(warnings, [])
  backend.letGo()
})

test('G14 the abort of a read rejects its loop, ready() and caughtUp() with the reason and leaves no listener', async () => {
  const wal = await open()
  const reader = await openReader()
  for (const log of [wal, reader]) {
    const controller = new AbortController()
    const scanner = log.read({ signal: controller.signal })
    const loop = texts(scanner)
    const caughtUp = log.read({ signal: controller.signal }).caughtUp()
    await scanner.ready()
    await pause(5)
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(within(loop), (error) => error === reason)
    await assert.rejects(within(caughtUp), (error) => error === reason)
    await assert.rejects(within(scanner.next()), (error) => error === reason)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    const late = log.read({ signal: controller.signal })
    await assert.rejects(within(late.next()), (error) => error === reason)
    await assert.rejects(within(late.ready()), (error) => error === reason)
  }
})

test('G14 an abort before or during an open rejects it with the reason', async () => {
  await assert.rejects(open({ signal: AbortSignal.abort('no') }), (error) => error === 'no')
  const controller = new AbortController()
  const wal = await open({ signal: controller.signal })
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  controller.abort()
  await wal.append(message('the signal was the open’s alone'))
})

const WAYS = [
  ['element', 'close'],
  ['element', 'abort'],
  ['batch', 'close'],
  ['batch', 'abort'],
] as const

test('next() that is closed or aborted at any moment gives an element, the end or the reason', async () => {
  const wal = await open()
  await wal.append(message('only'))
  const reason = new Error('enough')
  let delivered = 0
  for (let moment = 0; moment < 150; moment++)
    for (const [by, how] of WAYS) {
      const controller = new AbortController()
      const scanner = wal.read({ signal: controller.signal })
      const answer = (by === 'element' ? scanner : scanner.batches()).next()
      // From here on each step of the test follows one promise later, as each step of the scanner does.
      for (let turns = 0; turns < moment; turns++) await null
      if (how === 'close') void scanner.close()
      else controller.abort(reason)
      const result = await answer.catch((error: unknown) => ({ error }))
      if ('error' in result) assert.equal(result.error, reason)
      else if (!result.done) {
        const elements: readonly unknown[] = Array.isArray(result.value) ? result.value : [result.value]
        assert.deepEqual(
          elements.map((element) => textOf(element as Message)),
          ['only'],
        )
        delivered++
      }
    }
  assert.ok(delivered > 0, 'no scanner got to its first element')
})

test('G14 an abort ends appendAll although its source is silent, and leaves no listener', async () => {
  const wal = await open()
  const controller = new AbortController()
  const { signal } = controller
  async function* source() {
    yield message('one')
    await new Promise(() => {})
  }
  const results = wal.appendAll(source(), { signal })
  await within(results.next())
  const next = results.next()
  assert.equal(await isPending(next), true)
  controller.abort(new Error('enough'))
  await assert.rejects(within(next), { message: 'enough' })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('G4 G14 when appendAll is aborted with messages in flight, its error says that their outcome is unknown', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: () => backend.hang() } }
  const controller = new AbortController()
  const results = wal.appendAll([message('one')], { signal: controller.signal })
  const next = results.next()
  assert.equal(await isPending(next), true)
  controller.abort(new Error('enough'))
  await assert.rejects(within(next), { code: 'WAL_OUTCOME_UNKNOWN', outcome: 'unknown' })
})
