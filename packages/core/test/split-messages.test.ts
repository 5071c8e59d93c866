import assert from 'node:assert/strict'
import { AppendError, outcomeOf, readEnvelope, systemRuntime, WalError } from '@wal/walimpls'
import { onTestFinished, test } from 'vitest'
import type { Seal } from '../src/append/seal/seal.js'
import { SEALS } from '../src/append/seal/seals.js'
import { cleanLogs, isPending, message, open, pause, textOf, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const QUIET = { timeTickMs: 60_000 } as const

const part = { payload: Buffer.from('m'), properties: [] }

/** Has this seal until the test ends. */
function withSeals(seal: Seal): void {
  const all = SEALS as Seal[]
  all.push(seal)
  onTestFinished(() => {
    all.splice(0)
  })
}

/** So many records are made of a message that begins with "/". */
function withSplitting(count: (text: string) => number): void {
  withSeals({
    seal({ payload }) {
      const text = textOf({ payload })
      return text.startsWith('/') ? { records: new Array(count(text)).fill(part) } : undefined
    },
  })
}

/** Batches of three records; `before` may hold each of them back. Keeps what was stored, a text for each batch. */
function smallBatches(before: (index: number) => Promise<void> = async () => {}) {
  const stored: string[] = []
  let index = 0
  const builder = overMemory((log) => ({
    limits: { ...log.limits, maxBatchMessages: 3 },
    append: async (batch) => {
      if (batch.sequence === 0) return log.append(batch)
      await before(index++)
      stored.push(batch.messages.map(textOf).join(''))
      return log.append(batch)
    },
  }))
  return { builder, stored }
}

/** Time ticks as they are stored, behind the opening record. */
async function storedTicks(): Promise<bigint[]> {
  const records = await (await rawLog()).all()
  return records.slice(1).map(({ properties }) => readEnvelope(properties, () => 'a record').timeTick)
}

test('results have the time ticks that are stored, also beside a message that was refused', async () => {
  withSeals({
    seal({ payload }) {
      const text = textOf({ payload })
      if (text === 'no') return { refuse: new WalError('WAL_INVALID_ARGUMENT', 'no') }
      return text.startsWith('/') ? { records: [part, part, part] } : undefined
    },
  })
  const wal = await open(QUIET)
  const texts = ['a', 'no', 'b', '/', 'no', 'c']
  const outcomes = await Promise.allSettled(texts.map((text) => wal.append(message(text))))
  const results = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value.timeTick] : []))
  const [a, b, , , c, d] = await storedTicks()
  assert.deepEqual(results, [a, b, c, d])
})

test('the time ticks of the rest of a message are given to nothing else, though the clock stands still', async () => {
  withSplitting(() => 7)
  const now = Date.now()
  const { builder } = smallBatches()
  const wal = await open({ ...QUIET, builder, runtime: { ...systemRuntime, now: () => now } })
  for (let i = 0; i < 3; i++) await Promise.all([wal.append(message('/')), wal.append(message('x'))])
  const ticks = await storedTicks()
  assert.equal(ticks.length, 24)
  assert.ok(ticks.every((tick, i) => i === 0 || tick > (ticks[i - 1] as bigint)))
})

test('a message is not written before the last of its records is', async () => {
  withSplitting(() => 7)
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const { builder, stored } = smallBatches((index) => (index === 2 ? gate : Promise.resolve()))
  const wal = await open({ ...QUIET, builder })
  const append = wal.append(message('/'))
  assert.equal(await isPending(append), true)
  assert.deepEqual(stored, ['mmm', 'mmm'])
  go()
  await within(append)
})

test('the rest of a message does not linger: nothing that may join it lies before it', async () => {
  withSplitting(() => 7)
  const { builder, stored } = smallBatches()
  const wal = await open({ ...QUIET, builder, lingerMs: 300 })
  const append = wal.append(message('/'))
  await pause(310)
  await within(append, 200)
  assert.deepEqual(stored, ['mmm', 'mmm', 'm'])
})

test('the rest of a large message is sent while its first records are on their way', async () => {
  withSplitting(() => 7)
  const sent: number[] = []
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const { builder } = smallBatches((index) => {
    sent.push(index)
    return gate
  })
  const wal = await open({ ...QUIET, builder })
  const append = wal.append({ payload: Buffer.alloc(300_000, '/') })
  await pause(20)
  assert.deepEqual(sent, [0, 1, 2])
  go()
  await within(append)
})

test('a wait that ends between two batches of its message ends with that not written, and it is not', async () => {
  withSplitting(() => 7)
  const { builder, stored } = smallBatches(async (index) => {
    if (index === 0) throw new AppendError('WAL_UNAVAILABLE', 'not now', { outcome: 'not-written' })
  })
  const wal = await open({ ...QUIET, builder })
  const giveUp = new AbortController()
  const first = wal.append(message('x'))
  const split = wal.append(message('/'), { signal: giveUp.signal })
  // The first batch is sent again; when it is acknowledged, the next one is not cut yet.
  void first.then(() => giveUp.abort(new Error('enough')))
  await assert.rejects(within(split), { message: 'enough' })
  await within(wal.append(message('y')))
  assert.deepEqual(stored, ['xmm', 'y'])
  await within(wal.close())
})

test('a log that is closed while a message is on its way stores all of it', async () => {
  withSplitting(() => 7)
  const { builder, stored } = smallBatches(() => pause(5))
  const wal = await open({ ...QUIET, builder, closeTimeoutMs: 5000 })
  const append = wal.append(message('/'))
  await turn()
  await within(wal.close())
  await append
  assert.deepEqual(stored.slice(0, 3), ['mmm', 'mmm', 'm'])
})

test('a message whose log breaks down between its batches is told of as not written, or not known to be', async () => {
  withSplitting(() => 7)
  const { builder, stored } = smallBatches((index) =>
    index === 1 ? new Promise(() => {}) : Promise.resolve(),
  )
  const wal = await open({ ...QUIET, builder, closeTimeoutMs: 20 })
  const append = wal.append(message('/'))
  await pause(10)
  assert.equal(await isPending(append), true)
  const closed = wal.close()
  const error = await within(append.catch((reason: unknown) => reason))
  assert.equal(outcomeOf(error), 'unknown')
  await closed
  assert.deepEqual(stored, ['mmm'])
})

test('a message of no records, or of more than the clock has time ticks for, is refused', async () => {
  const counts = new Map([
    ['/none', 0],
    ['/many', (1 << 16) + 1],
    ['/most', 1 << 16],
  ])
  withSplitting((text) => counts.get(text) as number)
  const wal = await open({ ...QUIET, budgetBytes: 256 << 20 })
  const before = wal.append(message('x'))
  for (const text of ['/none', '/many'])
    await assert.rejects(within(wal.append(message(text))), {
      code: 'WAL_MESSAGE_TOO_LARGE',
      outcome: 'not-written',
    })
  const most = within(wal.append(message('/most')), 20_000)
  const behind = await within(wal.append(message('y')), 20_000)
  assert.ok((await before).timeTick < (await most).timeTick)
  assert.ok((await most).timeTick < behind.timeTick)
})
