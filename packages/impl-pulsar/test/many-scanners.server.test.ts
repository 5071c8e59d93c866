import { setTimeout as sleep } from 'node:timers/promises'
import { type PulsarServer, startPulsar } from '@wal/brokers'
import { mustGetBuilder, type Opener, type WAL } from '@wal/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import '../src/index.js'
import { withDriver } from './driver-under-test.js'

/** `npm run test:pulsar-scanners:long` has a thousand. */
const CHANNELS = Number(process.env.WAL_TEST_PULSAR_CHANNELS ?? 20)
const isLong = CHANNELS >= 1_000
/** How many calls are made at once. */
const AT_ONCE = 16
const PATIENCE_MS = isLong ? 1_800_000 : 300_000

const SLOW_READERS = isLong ? 64 : 8
const ENTRY_BYTES = 4 << 20
const ENTRIES = 6
/** The smallest budget that a log may have. */
const BUDGET_BYTES = 1 << 20
/** How long a slow reader does something else, in milliseconds: longer than the broker takes to send what it may. */
const PAUSE_MS = isLong ? 5_000 : 1_000
const SAMPLE_MS = 200

let pulsar: PulsarServer
beforeAll(async () => {
  pulsar = await startPulsar({ heapMegabytes: 1_024 })
})
afterAll(() => pulsar.stop())

const channels = Array.from({ length: CHANNELS }, (_, i) => `channel-${i}`)

/** Prints a figure beside its target. */
function say(what: string, target: string): void {
  console.log(`${CHANNELS} channels: ${what} (target: ${target})`)
}

const mebibytes = (bytes: number) => (bytes / (1 << 20)).toFixed(1)

/** Calls `run` for each item, for some at once. */
async function each<T, R>(items: readonly T[], run: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await run(items[i] as T, i)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

const openWriter = (opener: Opener, name: string) =>
  opener.open({ channel: { name }, budgetBytes: BUDGET_BYTES })

const openReader = (opener: Opener, name: string) =>
  opener.open({ channel: { name, accessMode: 'ro' }, budgetBytes: BUDGET_BYTES })

/** A scanner at the end of a log that is open for reading only. `first` is the message for which it waits. */
async function tail(opener: Opener, name: string) {
  const log = await openReader(opener, name)
  const scanner = log.read({ deliver: 'latest' })
  const first = scanner.next()
  first.catch(() => {})
  await scanner.caughtUp()
  return { log, scanner, first }
}

/** A scanner at the beginning of a log, which has taken the first message, a small one. */
async function fromBeginning(opener: Opener, name: string) {
  const log = await openReader(opener, name)
  const scanner = log.read()
  const { value } = await scanner.next()
  expect(value?.payload.length).toBeLessThan(10)
  return { log, scanner }
}

type Scanning = Pick<Awaited<ReturnType<typeof tail>>, 'scanner'>

/** What the process holds, without garbage: on the heap and outside of it, buffers included. */
function heldBytes(): number {
  if (global.gc === undefined) throw new Error('This test counts memory and needs --expose-gc.')
  global.gc()
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

/** The most that the process holds while `run` runs. */
async function mostHeld(run: () => Promise<unknown>): Promise<number> {
  let most = 0
  let ended = false
  const running = run().finally(() => {
    ended = true
  })
  // A failure is thrown below.
  running.catch(() => {})
  while (!ended) {
    await sleep(SAMPLE_MS)
    most = Math.max(most, heldBytes())
  }
  await running
  return most
}

/** Stores large entries at the ends of these logs, whose scanners ask for nothing meanwhile. The writers are closed then. */
async function storeLargeEntries(writers: readonly WAL[]): Promise<void> {
  await each(writers, async (writer) => {
    for (let i = 0; i < ENTRIES; i++) await writer.append({ payload: Buffer.alloc(ENTRY_BYTES, i) })
    await writer.close()
  })
}

/** Takes the large entries one by one, with a pause before each. */
async function readSlowly({ scanner }: Scanning): Promise<void> {
  for (let i = 0; i < ENTRIES; i++) {
    await sleep(PAUSE_MS)
    await take(scanner, i)
  }
}

/** Takes a large entry, and lets it go: a function of its own, since a loop would keep it during the next pause. */
async function take(scanner: Scanning['scanner'], number: number): Promise<void> {
  const { value } = await scanner.next()
  expect([value?.payload.length, value?.payload.at(-1)]).toEqual([ENTRY_BYTES, number])
}

/** Has the scanners read slowly, and checks that they hold no more than a budget and an entry each. */
async function assertHold(where: string, scanners: readonly Scanning[], before: number): Promise<void> {
  const most = (await mostHeld(() => Promise.all(scanners.map(readSlowly)))) - before
  const bound = scanners.length * (BUDGET_BYTES + ENTRY_BYTES)
  say(
    `${scanners.length} slow readers of entries of 4 MiB ${where} hold ${mebibytes(most)} MiB, beside ${mebibytes(before)} MiB`,
    `at most ${mebibytes(bound)} MiB, a budget and an entry each`,
  )
  expect(most).toBeLessThanOrEqual(bound)
}

test(
  `${CHANNELS} tailing scanners on one opener: at most three connections, messages flow on all, and slow ones hold no more than a budget and an entry each`,
  async () => {
    const opener = await mustGetBuilder('pulsar').build(
      withDriver({ hosts: [`${pulsar.host}:${pulsar.port}`] }),
    )
    const writers = await each(channels, (name) => openWriter(opener, name))
    const tails = await each(channels, (name) => tail(opener, name))
    const connections = [pulsar.connections()]
    expect((await pulsar.admin.subscriptions('channel-0')).length).toBeGreaterThan(1)

    await each(writers, (writer, i) => writer.append({ payload: Buffer.from(`${i}`) }))
    const texts = await each(tails, async ({ first }) =>
      Buffer.from((await first).value?.payload ?? []).toString(),
    )
    expect(texts).toEqual(channels.map((_, i) => `${i}`))
    connections.push(pulsar.connections())
    say(`a message came on ${texts.length}`, `${CHANNELS}`)

    const slow = tails.slice(0, SLOW_READERS)
    const before = heldBytes()
    await storeLargeEntries(writers.slice(0, SLOW_READERS))
    await assertHold('at the ends of logs', slow, before)
    connections.push(pulsar.connections())
    // What a log still holds for scanners at its end must not count as held before.
    await each(slow, ({ log }) => log.close())
    const beforeOthers = heldBytes()
    const others = await each(channels.slice(0, SLOW_READERS), (name) => fromBeginning(opener, name))
    await assertHold('from the beginning', others, beforeOthers)
    connections.push(pulsar.connections())
    say(`${Math.max(...connections)} connections`, 'at most 3')
    expect(Math.max(...connections)).toBeLessThanOrEqual(3)

    await each([...tails, ...others], ({ log }) => log.close())
    await each(writers, (writer) => writer.close())
    expect(pulsar.connections()).toBeGreaterThan(0)
    const left = await each(channels, async (channel) => pulsar.admin.subscriptions(channel))
    say(`subscriptions: ${[...new Set(left.flat())].join(', ')}`, 'wal-kept')
    expect(left).toEqual(channels.map(() => ['wal-kept']))
    await opener.close()
    await expect.poll(() => pulsar.connections(), { timeout: 50_000 }).toBe(0)
  },
  PATIENCE_MS,
)
