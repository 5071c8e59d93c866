import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import type { Gap, Message, ReadOptions, Scanner, ScannerElement, TimeTickMark } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, textOf, texts, within } from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const ten = Array.from({ length: 10 }, (_, i) => String(i))

async function filled() {
  const wal = await open({ batchBytes: 1024, timeTickMs: 60_000 })
  const results = []
  for (const each of ten) results.push(await wal.append(message(each)))
  return {
    wal,
    results,
    positions: results.map((result) => result.position) as [string, ...string[]] & string[],
  }
}

/** Removes everything below this record from the backend, without the log's knowledge, as a server's retention does. */
async function forget(number: number): Promise<void> {
  const options = { name: 'default', maxRecordBytes: 1 << 24, maxInFlightBatches: 4 }
  const opener = await memoryBuilder().build(options as never, systemRuntime)
  const log = await opener.open('log', { term: 0, incarnation: 'nobody' })
  await log.truncate(memoryBuilder().messageIds.parse(number.toString(36)))
  await opener.close()
}

const shown = (each: ScannerElement): string =>
  each.kind === 'message' ? textOf(each) : each.kind === 'gap' ? `${each.reason} gap` : each.kind

async function all(scanner: AsyncIterable<ScannerElement>): Promise<ScannerElement[]> {
  const seen: ScannerElement[] = []
  for await (const each of scanner) seen.push(each)
  return seen
}

test('G8 a reader that starts below the truncation point gets one gap that says what is missing, then the oldest record kept', async () => {
  const { wal, results, positions } = await filled()
  const reader = await openReader()
  await wal.truncate(positions[4] as string)
  const again = await openReader()
  for (const log of [wal, reader, again]) {
    for (const [options, after] of [
      [{ from: positions[1] as string }, (results[1]?.timeTick ?? 0n) - 1n],
      [{ after: positions[1] as string }, results[1]?.timeTick],
    ] as const) {
      const scanner = log.read({ ...options, gaps: 'deliver', until: 'end' })
      const seen = await all(scanner)
      assert.deepEqual(seen.map(shown), ['truncated gap', ...ten.slice(5)])
      const gap = seen[0] as Gap
      assert.equal(gap.after, after)
      assert.equal(gap.before, (results[4]?.timeTick ?? 0n) + 1n)
      assert.deepEqual(JSON.parse(JSON.stringify(gap)), {
        kind: 'gap',
        reason: 'truncated',
        after: String(gap.after),
        before: String(gap.before),
        position: gap.position,
      })
      // Behind the truncation point there is no gap.
      assert.deepEqual(await texts(log.read({ after: gap.position, until: 'end' })), ten.slice(5))
    }
    const none = await all(log.read({ gaps: 'deliver', until: 'end' }))
    assert.deepEqual(none.map(shown), ten.slice(5))
    const kept = await all(log.read({ gaps: 'deliver', until: 'end', from: positions[7] as string }))
    assert.deepEqual(kept.map(shown), ten.slice(7))
  }
})

test('a gap is given by batches(), by next() and as the only element of a bounded read, and caughtUp() counts it', async () => {
  const { wal, positions } = await filled()
  await wal.truncate(positions[4] as string)
  const batches: string[][] = []
  for await (const batch of wal.read({ after: positions[0], gaps: 'deliver', until: 'end' }).batches())
    batches.push(batch.map(shown))
  assert.deepEqual(batches.flat(), ['truncated gap', ...ten.slice(5)])

  const scanner = wal.read({ after: positions[0], gaps: 'deliver', until: positions[2] as string })
  let caughtUp = false
  const told = scanner.caughtUp().then(() => {
    caughtUp = true
  })
  await scanner.ready()
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(caughtUp, false)
  const { value } = await scanner.next()
  assert.equal(value?.kind, 'gap')
  assert.equal(scanner.position, value?.position)
  await within(told)
  assert.equal((await scanner.next()).done, true)

  const tail = wal.read({ after: positions[0], gaps: 'deliver' })
  const loop = (async () => {
    const seen: string[] = []
    for await (const each of tail) {
      seen.push(shown(each))
      if (seen.length === 7) break
    }
    return seen
  })()
  await within(tail.caughtUp())
  await wal.append(message('10'))
  assert.deepEqual(await within(loop), ['truncated gap', ...ten.slice(5), '10'])
})

test('G8 records that the backend lost without a truncation are a gap at the start and in the middle of a catch-up', async () => {
  const { wal, results, positions } = await filled()
  await wal.barrier()
  const backend = faulty()
  backend.plan = { readBytes: () => 1 }
  const reader = await openReader({ builder: backend.builder })
  const scanner = reader.read({ gaps: 'deliver', until: 'end' })
  const seen: ScannerElement[] = []
  for await (const each of scanner) {
    seen.push(each)
    // The first record is the opening record, and messages begin with "0": the message "6" is record 8.
    if (seen.length === 2) await forget(8)
  }
  assert.deepEqual(seen.map(shown), ['0', '1', 'lost gap', ...ten.slice(6)])
  const gap = seen[2] as Gap
  assert.equal(gap.after, results[1]?.timeTick)
  assert.equal(gap.before, results[6]?.timeTick)
  assert.deepEqual(await texts(reader.read({ after: gap.position, until: 'end' })), ten.slice(6))
  assert.deepEqual(await texts(reader.read({ from: gap.position, until: 'end' })), ten.slice(6))

  await assert.rejects(texts(reader.read({ after: positions[2] as string })), {
    code: 'WAL_POSITION_TRUNCATED',
  })
  const start = await all(reader.read({ after: positions[2] as string, gaps: 'deliver', until: 'end' }))
  assert.deepEqual(start.map(shown), ['lost gap', ...ten.slice(6)])
  assert.equal((start[0] as Gap).after, results[2]?.timeTick)
  const bounded = { after: positions[2] as string, until: positions[4] as string, gaps: 'deliver' } as const
  assert.deepEqual((await all(reader.read(bounded))).map(shown), ['lost gap'])
})

test('G8 a slow reader that is overtaken by truncate gets one gap that names the truncation', async () => {
  const backend = faulty()
  backend.plan = { readBytes: () => 1 }
  const { wal, results, positions } = await filled()
  const reader = await openReader({ builder: backend.builder })
  const seen: ScannerElement[] = []
  for await (const each of reader.read({ gaps: 'deliver' })) {
    seen.push(each)
    if (seen.length === 2) await wal.truncate(positions[7] as string)
    if (shown(each) === '9') break
  }
  assert.deepEqual(seen.map(shown), ['0', '1', 'truncated gap', '8', '9'])
  const gap = seen[2] as Gap
  assert.equal(gap.after, results[1]?.timeTick)
  assert.equal(gap.before, (results[7]?.timeTick ?? 0n) + 1n)
})

test('behind a gap the next writer is current, also at the same term, and records of older writers stay void', async () => {
  const first = await open({ term: 5, timeTickMs: 60_000 })
  const { position } = await first.append(message('1'))
  const old = await rawLog()
  const second = await open({ term: 5, timeTickMs: 60_000 })
  const kept = await second.append(message('2'))
  await old.append(old.record({ payload: 'void', term: 4, incarnation: 'old', timeTick: kept.timeTick + 1n }))
  await second.append(message('3'))
  await second.barrier()
  const number = Number.parseInt(kept.messageId, 36)
  await forget(number)
  const reader = await openReader()
  const seen = await all(reader.read({ after: position, gaps: 'deliver', until: 'end' }))
  assert.deepEqual(seen.map(shown), ['lost gap', '2', '3'])
  assert.deepEqual(await texts(reader.read({ after: seen[0]?.position as string, until: 'end' })), ['2', '3'])
})

test('when a backend passes over a hole, the reader gets a gap and no record twice', async () => {
  const backend = faulty()
  await filled()
  const quick = {
    ...systemRuntime,
    setTimeout: (run: () => void, ms: number) => systemRuntime.setTimeout(run, Math.min(ms, 1)),
  }
  const reader = await openReader({ builder: backend.builder, runtime: quick })
  const scanner = reader.read({ gaps: 'deliver', until: 'end' })
  await scanner.ready()
  // Reads of the log's end come in between, so the numbers of the calls lie far apart.
  backend.plan = { readBytes: () => 200, script: { next: { 3: 'truncate', 40: 'truncate' } } }
  const seen = await within(all(scanner), 20_000)
  assert.deepEqual(seen.filter((each) => each.kind === 'message').map(shown), ten)
  assert.ok(seen.some((each) => each.kind === 'gap'))
})

test('the element type of a read follows its options', async () => {
  const wal = await open()
  const plain: Scanner<Message> = wal.read({ until: 'end' })
  const gaps: Scanner<Message | Gap> = wal.read({ gaps: 'deliver' })
  const both: Scanner<Message | Gap | TimeTickMark> = wal.read({ gaps: 'deliver', timeTicks: true })
  // @ts-expect-error gaps may come
  const wrong: Scanner<Message> = wal.read({ gaps: 'deliver' })
  // @ts-expect-error no time ticks were asked for
  const none: TimeTickMark['kind'] | undefined = (await plain.next()).value?.kind
  assert.equal(none, undefined)
  await Promise.all([plain, gaps, both, wrong].map((each) => (each as Scanner).close()))
  const options: ReadOptions = { gaps: 'reject', orderViolations: 'reject' }
  await wal.read(options).close()
})
