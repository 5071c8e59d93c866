import assert from 'node:assert/strict'
import { memoryBuilder, seededRandom } from '@wal/core/testing'
import { AppendError, type OpenerBuilderImpls, type WALImpls } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import type { AppendResult } from '../../src/index.js'
import { cleanLogs, faulty, message, open, openReader, texts, turn, within } from '../harness.js'

cleanLogs()

const BATCHES = { batchBytes: 16 << 10, budgetBytes: 16 << 20, timeTickMs: 60_000 }
const big = (text: string) => message(text.padEnd(700, '.'))

/** A unit-test fake around the memory backend. Everything is stored at once and in order; `answer` decides when the answers come. */
function answering(answer: (call: number) => Promise<void>): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  return {
    ...inner,
    async build(...given) {
      const opener = await inner.build(...given)
      const open = opener.open.bind(opener)
      let calls = 0
      opener.open = async (...channel) => {
        const log = await open(...channel)
        const append: WALImpls['append'] = log.append.bind(log)
        log.append = async (batch) => {
          const ids = await append(batch)
          if (batch.sequence > 0) await answer(calls++)
          return ids
        }
        return log
      }
      return opener
    },
  }
}

test('H7: when answers arrive in reverse order, nothing is confirmed before the first, then everything at once', async () => {
  const answers: (() => void)[] = []
  const builder = answering(() => new Promise((resolve) => answers.push(resolve)))
  const wal = await open({ ...BATCHES, builder, backend: { maxInFlightBatches: 4 } })
  const before = await wal.latestReadableTimeTick()
  const appends = Array.from({ length: 1500 }, (_, i) => wal.append(big(String(i))))
  while (answers.length < 3) await turn()
  const settled: number[] = []
  for (const [i, append] of appends.entries()) void append.then(() => settled.push(i))
  for (const last of answers.splice(1).reverse()) last()
  await turn()
  assert.deepEqual(settled, [])
  assert.equal(await wal.latestReadableTimeTick(), before)
  answers.shift()?.()
  while (settled.length === 0) await turn()
  assert.ok((await wal.latestReadableTimeTick()) > before)
  while (settled.length < appends.length) {
    for (const more of answers.splice(0)) more()
    await turn()
  }
  assert.deepEqual(
    settled,
    appends.map((_, i) => i),
  )
})

test('H8: a failed append between others delays none of them, and its time tick is skipped', async () => {
  const backend = faulty()
  const wal = await open({ ...BATCHES, builder: backend.builder, batchBytes: 1024 })
  backend.plan = {
    script: {
      append: ({ batch }) =>
        batch?.messages.some((each) => Buffer.from(each.payload).toString().startsWith('bad'))
          ? new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' })
          : undefined,
    },
  }
  const all = await within(Promise.allSettled(['a', 'bad', 'c'].map((each) => wal.append(big(each)))))
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  const [a, , c] = all as PromiseFulfilledResult<AppendResult>[]
  assert.equal(await wal.latestReadableTimeTick(), c?.value.timeTick)
  assert.equal((await texts(wal.read({ after: a?.value.position ?? '', until: 'end' }))).length, 1)
})

test('H10: from the position of any append a reader gets all later ones, also when batches around it were sent again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      const random = seededRandom(seed)
      const backend = faulty({ seed })
      const wal = await open({ ...BATCHES, builder: backend.builder, channel: `h10-${seed}` })
      const faults = [
        'fail',
        'write-then-fail',
        'duplicate',
        'duplicate-then-fail',
        undefined,
        undefined,
      ] as const
      backend.plan = { script: { append: () => faults[Math.floor(random() * faults.length)] } }
      const sent: string[] = []
      const results: AppendResult[] = []
      const appends: Promise<unknown>[] = []
      for (let i = 0; i < 60; i++) {
        const text = `${i}`.padEnd(200 + Math.floor(random() * 2000), '.')
        sent.push(text)
        appends.push(wal.append(message(text)).then((result) => results.push(result)))
        if (random() < 0.2) await turn()
      }
      await within(Promise.all(appends), 60_000)
      const reader = await openReader({ channel: `h10-${seed}` })
      for (let i = 0; i < results.length; i += 7) {
        const after = results[i]?.position ?? ''
        assert.deepEqual(await texts(reader.read({ after, until: 'end' })), sent.slice(i + 1))
        assert.deepEqual(await texts(wal.read({ from: after, until: 'end' })), sent.slice(i))
      }
      await reader.close()
      await wal.close()
    }),
    { numRuns: 8 },
  )
}, 120_000)

test('H11: nothing is written to an idle log, and the first append is followed by the next time tick', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 1 })
  let appends = 0
  backend.plan = { script: { append: () => void appends++ } }
  for (let i = 0; i < 50; i++) await turn()
  assert.equal(appends, 0)
  const ticks = wal.read({ deliver: 'latest', timeTicks: true })
  const { timeTick } = await wal.append(message('first'))
  for await (const each of ticks) if (each.kind === 'timeTick' && each.timeTick > timeTick) break
})
