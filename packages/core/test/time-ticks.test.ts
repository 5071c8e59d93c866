import { expect, test } from 'vitest'
import { type Runtime, systemRuntime } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, textOf, turn, within } from './harness.js'

cleanLogs()

test('a scanner of time ticks that starts at the end of an idle log is given one at once', async () => {
  const wal = await open({ timeTickMs: 60_000, idleTickMs: 0 })
  const scanner = wal.read({ deliver: 'latest', timeTicks: true })
  const first = await within(scanner.next())
  expect(first.value?.kind).toBe('timeTick')
})

test('an idle log gets time ticks while a scanner reads them, and none afterwards', async () => {
  const { runtime, planned } = watchedRuntime()
  const wal = await open({ timeTickMs: 60_000, idleTickMs: IDLE_MS, runtime })
  const ticks: bigint[] = []
  for await (const { kind, timeTick } of wal.read({ timeTicks: true })) {
    expect(kind).toBe('timeTick')
    ticks.push(timeTick)
    if (ticks.length === 5) break
  }
  for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThan(ticks[i - 1] as bigint)
  expect(planned(IDLE_MS)).toBeGreaterThanOrEqual(3)
  // The scanner is closed. So the last time tick plans no further one.
  await wal.barrier()
  const after = planned(IDLE_MS)
  await wal.barrier()
  expect(planned(IDLE_MS)).toBe(after)
})

test('nothing is written to an idle log when nobody reads time ticks', async () => {
  const { runtime, planned } = watchedRuntime()
  const wal = await open({ timeTickMs: 60_000, idleTickMs: IDLE_MS, runtime })
  await wal.append(message('one'))
  await wal.barrier()
  const scanner = wal.read()
  await within(scanner.next())
  expect(planned(IDLE_MS)).toBe(0)
})

test('a thousand scanners of time ticks that start together cause a few time ticks, not a thousand', async () => {
  const wal = await open({ timeTickMs: 60_000, idleTickMs: 0 })
  const scanners = Array.from({ length: 1000 }, () => wal.read({ deliver: 'latest', timeTicks: true }))
  await within(Promise.all(scanners.map((scanner) => scanner.next())), 20_000)
  await Promise.all(scanners.map((scanner) => scanner.close()))
  let ticks = 0
  for await (const { kind } of wal.read({ until: 'end', timeTicks: true })) if (kind === 'timeTick') ticks++
  expect(ticks).toBeLessThan(20)
})

test('reading up to latestReadableTimeTick gives everything acknowledged on the vchannel', async () => {
  const wal = await open()
  const before = await wal.latestReadableTimeTick('a')
  await wal.append(message('a1', { vchannel: 'a' }))
  const { timeTick } = await wal.append(message('a2', { vchannel: 'a' }))
  await wal.append(message('b1', { vchannel: 'b' }))
  expect(before).toBeLessThan(timeTick)
  expect(await wal.latestReadableTimeTick('a')).toBe(timeTick)
  const all = await wal.append(message('everybody'))
  expect(await wal.latestReadableTimeTick('a')).toBe(all.timeTick)
  expect(await wal.latestReadableTimeTick()).toBeGreaterThanOrEqual(all.timeTick)
  const reader = await openReader()
  const seen: string[] = []
  const until = await wal.latestReadableTimeTick('a')
  for await (const each of reader.read({ vchannel: 'a', until })) seen.push(textOf(each))
  expect(seen).toEqual(['a1', 'a2', 'everybody'])
})

test('latestReadableTimeTick lies below an append without an outcome', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const { timeTick } = await wal.append(message('acknowledged', { vchannel: 'a' }))
  backend.plan = { script: { append: () => backend.hang() } }
  const hanging = wal.append(message('hanging', { vchannel: 'a' }))
  await turn()
  expect(await wal.latestReadableTimeTick('a')).toBe(timeTick)
  backend.letGo()
  const stored = await hanging
  expect(await wal.latestReadableTimeTick('a')).toBe(stored.timeTick)
})

test('latestReadableTimeTick needs an open writer and the name of a vchannel', async () => {
  const wal = await open()
  await rejects(wal.latestReadableTimeTick(7 as never), 'WAL_INVALID_ARGUMENT')
  const reader = (await openReader()) as never as typeof wal
  await rejects(reader.latestReadableTimeTick(), 'WAL_READ_ONLY')
  await wal.close()
  await rejects(wal.latestReadableTimeTick(), 'WAL_CLOSED')
})

const IDLE_MS = 7

/** The real runtime, with a count of the timers that were started. */
function watchedRuntime() {
  const asked: number[] = []
  const runtime: Runtime = {
    ...systemRuntime,
    setTimeout(run, ms, options) {
      asked.push(ms)
      return systemRuntime.setTimeout(run, ms, options)
    },
  }
  return { runtime, planned: (ms: number) => asked.filter((each) => each === ms).length }
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await expect(promise).rejects.toMatchObject({ code })
}

test('a refused barrier does not cancel the time tick that is due', async () => {
  const wal = await open({ timeTickMs: 100 })
  const { timeTick } = await wal.append(message('a'))
  await expect(wal.barrier({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
  const persisted = async () => {
    while ((await wal.latestReadableTimeTick()) === timeTick) await turn()
  }
  await within(persisted(), 20_000)
})

test('a barrier lies above every append called before, also above those that wait for room', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000, budgetBytes: 1 << 20 })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  // The first append is in flight and takes all the room. The second waits for room.
  const appends = ['one', 'two'].map((text) => wal.append(message(text.padEnd(900_000, '.'))))
  await turn()
  const barrier = wal.barrier()
  await turn()
  backend.letGo()
  const results = await within(Promise.all(appends))
  const timeTick = await within(barrier)
  for (const result of results) expect(timeTick).toBeGreaterThan(result.timeTick)
})

test('barriers that nobody awaits are bounded like appends', async () => {
  const backend = faulty()
  const bounds = { budgetBytes: 1 << 20, maxWaitingBytes: 1 << 20 }
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000, ...bounds })
  backend.plan = { script: { append: () => backend.hang() } }
  const codes: unknown[] = []
  const barriers = Array.from({ length: 20_000 }, () =>
    wal.barrier().catch((error: { code: string; outcome: string }) => {
      codes.push(error.code)
      expect(error.outcome).toBe('not-written')
    }),
  )
  await turn()
  expect(new Set(codes)).toEqual(new Set(['WAL_RATE_LIMITED']))
  expect(codes.length).toBeGreaterThan(10_000)
  backend.plan = {}
  backend.letGo()
  await within(Promise.all(barriers))
  await wal.barrier()
})

test('no time tick follows a barrier, but one follows an append', async () => {
  const TICK_MS = 45_678
  const { runtime, planned } = watchedRuntime()
  const wal = await open({ timeTickMs: TICK_MS, runtime })
  await wal.barrier()
  expect(planned(TICK_MS)).toBe(0)
  await Promise.all([wal.append(message('one')), wal.barrier()])
  expect(planned(TICK_MS)).toBe(1)
})
