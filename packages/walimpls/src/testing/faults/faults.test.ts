import assert from 'node:assert/strict'
import { afterEach, test } from 'vitest'
import { type Batch, batchOf } from '../../batch.js'
import { outcomeOf } from '../../errors/append-error.js'
import type { Runtime } from '../../runtime/runtime.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import type { ScannerImpls } from '../../scanner.js'
import type { ReadOnlyWALImpls, WALImpls } from '../../wal.js'
import { memoryBuilder } from '../memory-builder.js'
import { resetMemory } from '../memory-store.js'
import type { FaultPlan } from './fault-plan.js'
import { type FaultEvent, Faults } from './faults.js'
import { faultyBuilder } from './faulty-builder.js'

const writer = { term: 1, incarnation: 'a' }
const never = new Promise<void>(() => {})

afterEach(() => resetMemory())

async function openFaulty(plan: FaultPlan = {}, faults = new Faults(plan)) {
  const timers: number[] = []
  const runtime: Runtime = {
    ...systemRuntime,
    setTimeout(run, ms, options) {
      timers.push(ms)
      return systemRuntime.setTimeout(run, ms, options)
    },
  }
  const builder = faultyBuilder(memoryBuilder(), faults)
  const options = { name: 'default', maxRecordBytes: 1 << 20, maxInFlightBatches: 32 }
  const opener = await builder.build(options, runtime)
  const log = await opener.open('log', writer)
  return { opener, log, faults, timers, ids: builder.messageIds }
}

const batch = (sequence: number, ...texts: string[]): Batch =>
  batchOf(
    sequence,
    texts.map((text) => ({ payload: new TextEncoder().encode(text), properties: [] })),
  )

const textsOf = (messages: Awaited<ReturnType<ScannerImpls['next']>> = []): string[] =>
  messages.map((each) => new TextDecoder().decode(each.payload))

/** The texts of all stored records. The plan must have no faults for scanners. */
async function payloads(log: ReadOnlyWALImpls): Promise<string[]> {
  const scanner = log.read({ start: 'oldest', maxBytes: 1 << 20 })
  const texts = textsOf(await scanner.next())
  await scanner.close()
  return texts
}

const settled = (appends: readonly Promise<unknown>[]): Promise<string[]> =>
  Promise.all(
    appends.map((each) =>
      each.then(
        () => 'stored',
        (error) => `${error.code} ${outcomeOf(error)}`,
      ),
    ),
  )

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const late = new Promise((resolve) => setTimeout(resolve, 10, 'late'))
  return (await Promise.race([promise.catch(() => {}), late])) === 'late'
}

test('fail: the batch and those behind it are refused as not written, and are stored when they are sent again', async () => {
  const { log, faults } = await openFaulty({ script: { append: { 3: 'fail' } } })
  const batches = ['a', 'b', 'c', 'd', 'e'].map((text, i) => batch(i, text))
  const order: number[] = []
  const appends = batches.map((each, i) => log.append(each).finally(() => order.push(i)))
  assert.deepEqual(await settled(appends), [
    'stored',
    'stored',
    'WAL_UNAVAILABLE not-written',
    'WAL_UNAVAILABLE not-written',
    'WAL_UNAVAILABLE not-written',
  ])
  assert.deepEqual(order, [0, 1, 2, 3, 4])
  assert.deepEqual(await payloads(log), ['a', 'b'])
  assert.equal(faults.counts.fail, 1)
  assert.equal(faults.turnedAway, 2)
  await Promise.all(batches.slice(2).map((each) => log.append(each)))
  assert.deepEqual(await payloads(log), ['a', 'b', 'c', 'd', 'e'])
})

test('full: the batch is refused with WAL_STORAGE_FULL, those behind it with WAL_UNAVAILABLE', async () => {
  const { log } = await openFaulty({ script: { append: { 2: 'full' } } })
  const batches = ['a', 'b', 'c'].map((text, i) => batch(i, text))
  const appends = batches.map((each) => log.append(each))
  assert.deepEqual(await settled(appends), [
    'stored',
    'WAL_STORAGE_FULL not-written',
    'WAL_UNAVAILABLE not-written',
  ])
  await assert.rejects(appends[1] as Promise<unknown>, { retryable: true })
  assert.deepEqual(await payloads(log), ['a'])
})

test('a new batch that is sent before its caller can know of a failure is refused too', async () => {
  const { log } = await openFaulty({ script: { append: { 1: 'fail' } } })
  const first = log.append(batch(0, 'a'))
  // The second batch is sent in the microtask in which the first is rejected.
  const second = first.catch(() => log.append(batch(1, 'b')))
  assert.deepEqual(await settled([first, second]), [
    'WAL_UNAVAILABLE not-written',
    'WAL_UNAVAILABLE not-written',
  ])
  assert.deepEqual(await payloads(log), [])
})

test('an append rejects with the very error that the script names', async () => {
  const mine = new Error('mine')
  const { log, faults } = await openFaulty({ script: { append: () => mine } })
  await assert.rejects(log.append(batch(0, 'a')), (error) => error === mine)
  assert.equal(faults.counts.fail, 1)
  assert.deepEqual(await payloads(log), [])
})

test('delay: the batch waits for the runtime’s timer or for a promise of the test, and those behind it wait too', async () => {
  let go = () => {}
  const until = new Promise<void>((resolve) => {
    go = resolve
  })
  const { log, faults, timers } = await openFaulty({
    delayMs: 7,
    script: { append: { 1: 'delay', 2: { until } } },
  })
  const appends = [log.append(batch(0, 'a')), log.append(batch(1, 'b')), log.append(batch(2, 'c'))]
  await appends[0]
  assert.deepEqual(timers, [7])
  assert.deepEqual(await payloads(log), ['a'])
  go()
  await Promise.all(appends)
  assert.deepEqual(await payloads(log), ['a', 'b', 'c'])
  assert.equal(faults.counts.delay, 2)
})

test('write-then-fail: the batch is stored, and its outcome is unknown until an attempt succeeds', async () => {
  const { log, faults } = await openFaulty({ script: { append: { 1: 'write-then-fail', 2: 'fail' } } })
  const one = batch(0, 'a')
  await assert.rejects(log.append(one), (error) => outcomeOf(error) === 'unknown')
  assert.deepEqual(await payloads(log), ['a'])
  // The second attempt stored nothing, but the first may have. So the outcome is still unknown.
  await assert.rejects(log.append(one), { code: 'WAL_UNAVAILABLE', outcome: 'unknown', retryable: true })
  const [id] = await log.append(one)
  assert.deepEqual((await log.last())?.id, id)
  assert.deepEqual(await payloads(log), ['a'])
  assert.equal(faults.counts['write-then-fail'], 1)
})

test('duplicate: the batch is stored twice, and the ids answered are those of the second copy, also when it is sent again', async () => {
  const { log, faults, ids } = await openFaulty({
    script: { append: { 1: 'duplicate', 2: 'duplicate-then-fail' } },
  })
  const first = await log.append(batch(0, 'a', 'b'))
  assert.deepEqual(first.map(ids.serialise), ['3', '4'])
  assert.deepEqual(await payloads(log), ['a', 'b', 'a', 'b'])
  const two = batch(1, 'c')
  await assert.rejects(log.append(two), (error) => outcomeOf(error) === 'unknown')
  assert.deepEqual((await log.append(two)).map(ids.serialise), ['6'])
  await log.append(batch(2, 'd'))
  assert.deepEqual(await payloads(log), ['a', 'b', 'a', 'b', 'c', 'c', 'd'])
  assert.equal(faults.counts.duplicate, 1)
  assert.equal(faults.counts['duplicate-then-fail'], 1)
})

test('fence: appends reject with WAL_FENCED until the same writer opens the log again', async () => {
  const { log, opener, faults } = await openFaulty({ script: { append: { 2: 'fence' } } })
  await log.append(batch(0, 'a'))
  const two = batch(1, 'b')
  for (let i = 0; i < 2; i++)
    await assert.rejects(log.append(two), { code: 'WAL_FENCED', outcome: 'not-written' })
  assert.equal(faults.counts.fence, 1)
  assert.deepEqual(await payloads(log), ['a'])
  await log.close()
  const again = await opener.open('log', writer)
  await again.append(two)
  assert.deepEqual(await payloads(again), ['a', 'b'])
})

test('cut: an append settles only when its log closes', async () => {
  const { log, opener, faults } = await openFaulty({ script: { append: { 1: 'cut' } } })
  const outcomes = settled([log.append(batch(0, 'a')), log.append(batch(1, 'b'))])
  assert.equal(await isPending(outcomes), true)
  await opener.close()
  assert.deepEqual(await outcomes, ['WAL_CLOSED unknown', 'WAL_UNAVAILABLE not-written'])
  await assert.rejects(log.append(batch(2, 'c')), { code: 'WAL_CLOSED', outcome: 'not-written' })
  assert.equal(faults.counts.cut, 1)
  assert.equal(faults.openLogs, 0)
})

/** A log of four records in one page, and a scanner over it. */
async function scanning(plan: FaultPlan) {
  const opened = await openFaulty()
  await opened.log.append(batch(0, 'a', 'b', 'c', 'd'))
  opened.faults.plan = plan
  return { ...opened, scanner: opened.log.read({ start: 'oldest', maxBytes: 1 << 20 }) }
}

test('a scanner that is cut gives half a batch and then always rejects, and another scanner goes on', async () => {
  const { log, scanner, faults } = await scanning({ script: { next: { 1: 'cut' } } })
  assert.deepEqual(textsOf(await scanner.next()), ['a', 'b'])
  for (let i = 0; i < 2; i++)
    await assert.rejects(scanner.next(), { code: 'WAL_UNAVAILABLE', retryable: true })
  assert.deepEqual(await payloads(log), ['a', 'b', 'c', 'd'])
  assert.equal(faults.counts.cut, 1)
  await scanner.close()
  assert.equal(faults.openScanners, 0)
})

test('truncate: the scanner’s error names the oldest record that is kept', async () => {
  const { log, scanner, faults, ids } = await scanning({ script: { next: { 2: 'truncate' } } })
  const page = await scanner.next()
  await log.truncate(ids.parse('2'))
  assert.equal(page?.length, 4)
  for (let i = 0; i < 2; i++)
    await assert.rejects(scanner.next(), { code: 'WAL_POSITION_TRUNCATED', oldest: '2' })
  assert.equal(faults.counts.truncate, 1)
})

test('fail, delay and close: the scanner rejects, waits or ends, and once ended or failed it stays so', async () => {
  const { log, scanner, faults, timers } = await scanning({
    delayMs: 4,
    script: { next: { 1: 'delay', 2: 'fail', 3: 'close' } },
  })
  assert.deepEqual(textsOf(await scanner.next()), ['a', 'b', 'c', 'd'])
  assert.deepEqual(timers, [4])
  for (let i = 0; i < 2; i++) await assert.rejects(scanner.next(), { code: 'WAL_UNAVAILABLE' })
  const second = log.read({ start: 'oldest', maxBytes: 1 << 20 })
  for (let i = 0; i < 2; i++) assert.equal(await second.next(), undefined)
  assert.deepEqual([faults.counts.delay, faults.counts.fail, faults.counts.close], [1, 1, 1])
})

test('a scanner in a delay ends when its log closes, and one that waits ends when its signal aborts', async () => {
  const { log, scanner, faults } = await scanning({ script: { next: { 1: { until: never } } } })
  const controller = new AbortController()
  const waiting = log.read({ start: 'latest', maxBytes: 1 << 20, signal: controller.signal })
  const late = scanner.next()
  assert.equal(await isPending(late), true)
  assert.deepEqual(await waiting.next(), [])
  const next = waiting.next()
  assert.equal(await isPending(next), true)
  const reason = new Error('stop')
  controller.abort(reason)
  await assert.rejects(next, reason)
  await log.close()
  assert.equal(await late, undefined)
  assert.equal(faults.openScanners, 0)
})

test('readBytes decides how much a scanner gives at a time', async () => {
  const { scanner } = await scanning({ readBytes: () => 1 })
  assert.deepEqual(textsOf(await scanner.next()), ['a'])
})

test('faults happen at open, openReadOnly, last, truncate, list and delete too', async () => {
  const { log, opener, faults, ids, timers } = await openFaulty()
  await log.append(batch(0, 'a', 'b'))
  faults.plan = {
    script: {
      open: { 1: 'fail' },
      openReadOnly: { 1: 'cut' },
      last: { 1: 'delay', 2: 'cut' },
      truncate: { 1: 'fail', 2: 'write-then-fail' },
      list: { 1: 'fail' },
      delete: { 1: 'write-then-fail' },
    },
  }
  await assert.rejects(opener.open('log', writer), { code: 'WAL_UNAVAILABLE' })
  const controller = new AbortController()
  const opening = opener.openReadOnly('log', { signal: controller.signal })
  assert.equal(await isPending(opening), true)
  controller.abort(new Error('stop'))
  await assert.rejects(opening, { message: 'stop' })
  assert.deepEqual((await log.last())?.id, ids.parse('2'))
  assert.deepEqual(timers, [3])
  await assert.rejects(log.truncate(ids.parse('2')), { code: 'WAL_UNAVAILABLE' })
  assert.deepEqual(await payloads(log), ['a', 'b'])
  await assert.rejects(log.truncate(ids.parse('2')), { message: /connection lost/ })
  assert.deepEqual(await payloads(log), ['b'])
  const last = log.last()
  assert.equal(await isPending(last), true)
  await log.close()
  await assert.rejects(last, { code: 'WAL_CLOSED' })
  const list = () => (opener.list as NonNullable<typeof opener.list>)()
  await assert.rejects(list(), { code: 'WAL_UNAVAILABLE' })
  await assert.rejects((opener.delete as NonNullable<typeof opener.delete>)('log'), /connection lost/)
  assert.deepEqual(await list(), [])
  assert.equal(faults.openLogs, 0)
})

const everything = {
  full: 0.05,
  fail: 0.1,
  delay: 0.1,
  'write-then-fail': 0.1,
  duplicate: 0.1,
  'duplicate-then-fail': 0.1,
  fence: 0.05,
  truncate: 0.05,
  cut: { next: 0.1 },
  close: 0.05,
  hole: 0.05,
}

/** Appends 120 batches, each until it is stored, and reads after those for which `reads` answers true. */
async function run(seed: number, reads: (i: number) => boolean) {
  const events: FaultEvent[] = []
  const faults = new Faults({ seed, onFault: (event) => events.push(event) })
  const { log: first, opener } = await openFaulty({}, faults)
  let log: WALImpls = first
  faults.plan = { probabilities: everything, script: { open: () => undefined }, delayMs: 0 }
  for (let i = 0; i < 120; i++) {
    const each = batch(i, `${i}`)
    for (let stored = false; !stored; ) {
      stored = await log.append(each).then(
        () => true,
        () => false,
      )
      if (stored) continue
      await log.close()
      for (let open: WALImpls | undefined; open === undefined; log = open ?? log)
        open = await opener.open('log', writer).catch(() => undefined)
    }
    if (!reads(i)) continue
    const scanner = log.read({ start: 'oldest', maxBytes: 100 })
    while ((await scanner.next().catch(() => undefined))?.length);
    await scanner.close()
  }
  faults.plan = {}
  const texts = await payloads(log)
  await opener.close()
  resetMemory()
  return { events, faults, texts }
}

test('the same seed gives the same faults, another seed gives others, and every kind happens', async () => {
  const one = await run(7, () => true)
  const same = await run(7, () => true)
  const other = await run(8, () => true)
  assert.deepEqual(same.events, one.events)
  assert.deepEqual(same.texts, one.texts)
  assert.notDeepEqual(other.events, one.events)
  for (const [kind, count] of Object.entries(one.faults.counts))
    assert.ok(count > 0, `${kind} never happened`)
  assert.equal(
    Object.values(one.faults.counts).reduce((sum, count) => sum + count),
    one.events.length,
  )
  assert.equal(one.faults.countAt('next', 'cut'), one.faults.counts.cut)
  // Without the copies, every batch is stored once and in order.
  const firsts = [...new Set(one.texts)]
  assert.deepEqual(
    firsts,
    Array.from({ length: 120 }, (_, i) => `${i}`),
  )
})

test('the faults of appends do not depend on the reads between them', async () => {
  const appends = ({ events }: { events: FaultEvent[] }) => events.filter(({ call }) => call === 'append')
  assert.deepEqual(appends(await run(9, () => true)), appends(await run(9, (i) => i % 5 === 0)))
})

test('a plan with an impossible probability, kind or call is refused', () => {
  const plans: FaultPlan[] = [
    { probabilities: { fail: 1.5 } },
    { probabilities: { fail: 0.6, delay: 0.6 } },
    { probabilities: { fence: { next: 0.1 } } },
    { probabilities: { unheardOf: 0.1 } as never },
    { script: { append: { 1: 'truncate' } } },
    { script: { unheardOf: {} } as never },
  ]
  const faults = new Faults()
  for (const plan of plans) {
    assert.throws(() => new Faults(plan), { code: 'WAL_INVALID_ARGUMENT' })
    assert.throws(() => Object.assign(faults, { plan }), { code: 'WAL_INVALID_ARGUMENT' })
  }
})

test('a call rejects when the script’s function answers a fault that cannot happen at it', async () => {
  const { log } = await openFaulty({ script: { append: () => 'truncate' } })
  await assert.rejects(log.append(batch(0, 'a')), { code: 'WAL_INVALID_ARGUMENT' })
})

test('a hole: the batch fails alone, and those in flight behind it are stored', async () => {
  const { log, faults, timers } = await openFaulty({ script: { append: { 2: 'hole' } } })
  const batches = ['a', 'b', 'c', 'd'].map((text, i) => batch(i, text))
  assert.deepEqual(await settled(batches.map((each) => log.append(each))), [
    'stored',
    'WAL_UNAVAILABLE not-written',
    'stored',
    'stored',
  ])
  assert.deepEqual(await payloads(log), ['a', 'c', 'd'])
  assert.equal(faults.counts.hole, 1)
  assert.equal(timers.length, 1)
})
