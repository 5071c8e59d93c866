import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import type { ReadOptions } from '../src/index.js'
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
  turn,
  within,
} from './harness.js'

cleanLogs()

const quick = {
  ...systemRuntime,
  setTimeout: (run: () => void, ms: number) => systemRuntime.setTimeout(run, Math.min(ms, 1)),
}

const sent = Array.from({ length: 60 }, (_, i) => String(i))

/** Makes some reads fail: before, in the middle and after, with a retryable error and with a driver's error. */
const failing = () => {
  let failures = 0
  const next = ({ number }: { number: number }) => {
    if (number % 3 === 0) return undefined
    failures++
    if (number % 3 === 1) return 'cut' as const
    return number % 2 === 0 ? new Error('socket hang up') : ('fail' as const)
  }
  return { next, failures: () => failures }
}

test('H23: D.9.2 when reads fail in catch-up, reading goes on behind the last record, from every start', async () => {
  const wal = await open({ batchBytes: 1024, timeTickMs: 60_000 })
  const results = await wal.appendBatch(sent.map((each) => message(each)))
  const at = results[20]?.position as string
  for (const [options, expected] of [
    [{ deliver: 'all' }, sent],
    [{ from: at }, sent.slice(20)],
    [{ after: at }, sent.slice(21)],
  ] as [ReadOptions, string[]][]) {
    const backend = faulty()
    const reader = await openReader({ builder: backend.builder, runtime: quick })
    const scanner = reader.read(options)
    await scanner.ready()
    const faults = failing()
    backend.plan = { readBytes: () => 400, script: { next: faults.next } }
    assert.deepEqual(await within(texts(scanner, expected.length), 30_000), expected)
    assert.ok(faults.failures() > 5)
    backend.plan = {}
  }
})

test('H23: D.9.2 a read-only latest scanner that fails while it tails misses nothing and gives nothing twice', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('before'))
  for (const deliver of ['latest', 'all'] as const) {
    const backend = faulty()
    const reader = await openReader({ builder: backend.builder, runtime: quick })
    const scanner = reader.read({ deliver })
    await scanner.ready()
    const already = deliver === 'latest' ? 0 : (await readAll(wal.read({ until: 'end' }))).length
    const seen: string[] = []
    const reading = (async () => {
      for await (const each of scanner) {
        seen.push(textOf(each))
        if (seen.length === already + sent.length) break
      }
    })()
    await within(scanner.caughtUp())
    const faults = failing()
    backend.plan = { readBytes: () => 400, script: { next: faults.next } }
    // Messages are appended while the reader has no backend scanner, and while it has one.
    for (const each of sent) {
      await wal.append(message(each))
      if (Number(each) % 4 === 0) await turn()
    }
    await within(reading, 30_000)
    assert.deepEqual(seen.slice(already), sent)
    assert.ok(faults.failures() > 5, `${faults.failures()} failures`)
    backend.plan = {}
  }
})

const readAll = (scanner: ReturnType<Awaited<ReturnType<typeof open>>['read']>) => texts(scanner as never)

test('H22: a tailing reader that falls out of the buffer catches up and tails again, and misses nothing and gives nothing twice', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, budgetBytes: 1 << 20, timeTickMs: 60_000 })
  const payload = 'x'.repeat(50_000)
  const scanner = wal.read()
  const iterator = scanner.batches()
  const seen: bigint[] = []
  const acked: bigint[] = []
  const take = async () => {
    for (const each of (await within(iterator.next())).value ?? []) seen.push(each.timeTick)
  }
  let reads = 0
  const count = () => {
    reads++
    return undefined
  }
  backend.plan = { script: { next: count } }
  for (let round = 0; round < 5; round++) {
    // The reader tails, so none of these messages is read from the backend.
    acked.push((await wal.append(message('near'))).timeTick)
    while (seen.length < acked.length) await take()
    const before = reads
    acked.push((await wal.append(message('near'))).timeTick)
    await take()
    assert.equal(seen.length, acked.length)
    assert.equal(reads, before)
    // More than the buffer holds, while the reader does not read.
    for (let i = 0; i < 30; i++) acked.push((await wal.append(message(payload))).timeTick)
    await take()
    assert.ok(reads > before, 'it went back to the backend')
    while (seen.length < acked.length) await take()
  }
  assert.deepEqual(seen, acked)
  await scanner.close()
})

test('H30: a read-only scanner never uses the write-ahead buffer of a writer in the same process', async () => {
  const backend = faulty()
  const wal = await open({ timeTickMs: 60_000 })
  const reader = await openReader({ builder: backend.builder })
  const scanner = reader.read()
  assert.equal(await isPending(scanner.next()), true)
  // A message that the backend does not show must not be delivered, although it is acknowledged and in the writer's buffer.
  const held = backend.hang()
  await scanner.close()
  const other = reader.read({ deliver: 'latest' })
  await other.ready()
  backend.plan = { script: { next: () => held } }
  const next = other.next()
  await wal.append(message('1'))
  assert.equal(await isPending(next, 50), true)
  assert.equal(backend.openScanners, 1)
  backend.letGo()
  backend.plan = {}
  assert.equal(textOf((await within(next)).value as never), '1')
})

test('H28: close ends a reader that waits for its start, the backend, the buffer, a retry or its turn', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const reader = await openReader({ builder: backend.builder })

  const starting = reader.read()
  const first = starting.next()
  await within(starting.close())
  assert.deepEqual(await within(first), { done: true, value: undefined })

  const atBackend = reader.read()
  await atBackend.next()
  const second = [atBackend.next(), atBackend.next()]
  assert.equal(await isPending(second[0] as Promise<unknown>), true)
  await within(atBackend.close())
  for (const each of second) assert.equal((await within(each)).done, true)

  const atBuffer = wal.read()
  await atBuffer.next()
  const third = atBuffer.next()
  assert.equal(await isPending(third), true)
  await within(atBuffer.close())
  assert.equal((await within(third)).done, true)

  const scanner = reader.read()
  await scanner.ready()
  backend.plan = { script: { next: () => 'fail' } }
  const fourth = scanner.next()
  await pause(20)
  assert.ok(backend.counts.fail > 0)
  await within(scanner.close())
  assert.equal((await within(fourth)).done, true)

  backend.plan = {}
  const hanging = reader.read()
  await hanging.ready()
  backend.plan = { script: { next: () => backend.hang() } }
  const fifth = hanging.next()
  await pause(10)
  const closing = hanging.close()
  backend.letGo()
  await within(closing)
  assert.equal((await within(fifth)).done, true)
  backend.plan = {}

  // Close does not wait for the body of the user's loop.
  const inBody = wal.read()
  let leave = () => {}
  const held = new Promise<void>((resolve) => {
    leave = resolve
  })
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const loop = (async () => {
    for await (const _ of inBody) {
      entered()
      await held
    }
  })()
  await within(inside)
  await within(inBody.close())
  leave()
  await within(loop)
  assert.equal(backend.openScanners, 0)
})
