import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, textOf, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const quick = {
  ...systemRuntime,
  setTimeout: (run: () => void, ms: number) => systemRuntime.setTimeout(run, Math.min(ms, 2)),
}
const ten = Array.from({ length: 10 }, (_, i) => String(i))

test('G21 a reader in catch-up whose backend fails goes on where it was, also when its start was truncated meanwhile', async () => {
  const backend = faulty()
  const wal = await open({ batchBytes: 1024, timeTickMs: 60_000 })
  const positions: string[] = []
  for (const each of ten) positions.push((await wal.append(message(each))).position)
  backend.plan = { readBytes: () => 1 }
  const reader = await openReader({ builder: backend.builder, runtime: quick })
  const scanner = reader.read({ from: positions[0] as string, until: 'end' })
  const seen: string[] = []
  for (let i = 0; i < 6; i++) {
    const { value } = await scanner.next()
    assert.ok(value)
    seen.push(textOf(value))
  }
  await wal.truncate(positions[3] as string)
  let calls = 0
  backend.plan = { readBytes: () => 1, script: { next: () => (++calls === 1 ? 'fail' : undefined) } }
  seen.push(...(await within(texts(scanner))))
  assert.deepEqual(seen, ten)
  assert.equal(backend.counts.fail, 1)
  // The read that fails, then the last record again and the four behind it. No other record is read twice.
  assert.equal(calls, 6)
})

test('G21 a latest reader is given messages that were appended while the backend could not be read', async () => {
  const backend = faulty()
  const wal = await open()
  await wal.append(message('before'))
  let failing = true
  backend.plan = { script: { next: () => (failing ? 'fail' : undefined) } }
  const reader = await openReader({ runtime: quick })
  const flaky = await openReader({ builder: backend.builder, runtime: quick })
  for (const [log, name] of [
    [reader, 'sound'],
    [flaky, 'failing'],
  ] as const) {
    failing = false
    const scanner = log.read({ deliver: 'latest' })
    await scanner.ready()
    failing = true
    const reading = texts(scanner, 2)
    const fails = backend.counts.fail
    await wal.append(message('1'))
    while (name === 'failing' && backend.counts.fail < fails + 2)
      await new Promise((resolve) => setTimeout(resolve, 2))
    await wal.append(message('2'))
    failing = false
    assert.deepEqual(await within(reading), ['1', '2'], name)
  }
})

test('a reader that fell out of the buffer goes on behind its last message, also when the log was truncated up to there', async () => {
  let reads = 0
  const builder = overMemory((log) => ({
    read(options) {
      reads++
      return log.read(options)
    },
  }))
  const wal = await open({ builder, budgetBytes: 1 << 20, batchBytes: 1024 })
  await wal.append(message('first'))
  reads = 0
  const scanner = wal.read()
  await scanner.next()
  const tailing = scanner.next()
  await within(scanner.caughtUp())
  const early = await wal.append(message('early'))
  assert.equal((await within(tailing)).value?.position, early.position)
  const sent = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(30_000, '.'))
  for (const each of sent) await wal.append(message(each))
  await wal.truncate(early.position)
  assert.deepEqual(await within(texts(scanner, 40)), sent)
  // The reader opened a backend scanner at its start, and one at its last record: the truncation does not move a reader on.
  // Between the two the truncation itself opened one, to look for its position.
  assert.equal(reads, 3)
})

test('a reader that starts again finds its last record also behind a newer writer’s first opening record, which did not count', async () => {
  const backend = faulty()
  const wal = await open({ timeTickMs: 60_000 })
  const { timeTick } = await wal.append(message('old'))
  const reader = await openReader({ builder: backend.builder, runtime: quick })
  const scanner = reader.read()
  assert.equal(textOf((await within(scanner.next())).value as never), 'old')
  // The newer writer's clock is behind. Its first opening record makes it current, but its time tick does not count.
  const raw = await rawLog()
  const newer = { term: 5, incarnation: 'newer', type: 1, opening: true }
  const waiting = scanner.next()
  // The waiting call gives that record. The call after it fails.
  backend.plan = { script: { next: { 2: 'fail' } } }
  await raw.append(raw.record({ ...newer, timeTick: timeTick - 1n }))
  while (backend.counts.fail === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await raw.append(raw.record({ ...newer, timeTick: timeTick + 1n }))
  await raw.append(
    raw.record({ ...newer, timeTick: timeTick + 2n, type: 1000, opening: false, payload: 'new' }),
  )
  assert.equal(textOf((await within(waiting)).value as never), 'new')
  await scanner.close()
})
