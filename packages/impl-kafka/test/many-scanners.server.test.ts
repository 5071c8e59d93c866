import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaServer, startKafka } from '@wal/brokers'
import { mustGetBuilder, openWal } from '@wal/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import '../src/index.js'
import type { KafkaOpener } from '../src/opener.js'
import { JavaClient } from './java/java-client.js'
import { administer } from './other-application.js'
import { batchOf, buildOpener, scan, textsOf } from './scene.js'

/** `npm run test:kafka-scanners:long` has a thousand. */
const CHANNELS = Number(process.env.WAL_TEST_KAFKA_CHANNELS ?? 20)
const isLong = CHANNELS >= 1000
/** How many logs are opened at once. */
const AT_ONCE = 25
/** A freshly opened writer looks after its log often, and every sixteen seconds in the end. */
const SETTLE_MS = isLong ? 40_000 : 1_000
const COUNT_MS = isLong ? 30_000 : 2_000
const PATIENCE_MS = isLong ? 600_000 : 60_000

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka({ config: { 'log.index.size.max.bytes': 65_536 } })
})
afterAll(() => kafka.stop())

const channels = Array.from({ length: CHANNELS }, (_, i) => `channel-${i}`)

/** Prints a figure beside its target. */
function say(what: string, target: string): void {
  console.log(`${CHANNELS} channels: ${what} (target: ${target})`)
}

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

const millisecondsOf = async (run: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await run()
  return performance.now() - began
}

/** A scanner at the end of every channel, which waits for a record. */
const tailAll = (opener: KafkaOpener) =>
  each(channels, async (channel) => {
    const scanner = scan(await opener.openReadOnly(channel), 'latest')
    expect(await scanner.next()).toEqual([])
    return { scanner, next: scanner.next() }
  })

test(
  'a tailing scanner on every channel, on one opener: four connections at most, and messages flow on all',
  async () => {
    const writing = await buildOpener({ hosts: [kafka.address] })
    const logs = await each(channels, async (channel) => {
      const wal = await writing.open(channel, { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, [{ payload: Buffer.from('opening'), properties: [] }]))
      return wal
    })
    const before = kafka.connections()
    const reading = await buildOpener({ hosts: [kafka.address] })
    const scanners = await tailAll(reading)
    const atFirst = kafka.connections() - before
    await Promise.all(
      logs.map((wal, i) => wal.append(batchOf(1, [{ payload: Buffer.from(`${i}`), properties: [] }]))),
    )
    const texts = await Promise.all(scanners.map(async ({ next }) => textsOf((await next) ?? [])))
    expect(texts).toEqual(channels.map((_, i) => [`${i}`]))
    const nexts = scanners.map(({ scanner }) => scanner.next())
    expect(await Promise.all(nexts)).toEqual(channels.map(() => []))
    const tails = scanners.map(({ scanner }) => scanner.next().catch((error: unknown) => error))
    await sleep(300)
    const firsts: number[] = []
    for (let i = 0; i < 20; i++)
      firsts.push(
        await millisecondsOf(async () => {
          const scanner = scan(await reading.openReadOnly(channels[i] as string))
          expect(textsOf((await scanner.next()) ?? [])).toEqual(['opening', `${i}`])
          await scanner.close()
        }),
      )
    const most = Math.max(atFirst, kafka.connections() - before)
    say(`${most} connections`, 'at most 4')
    const [quickest, slowest] = [Math.min(...firsts), Math.max(...firsts)].map(Math.round)
    say(`the first message of a new scanner after ${quickest} to ${slowest} ms`, '250 ms')
    expect(most).toBeLessThanOrEqual(4)

    kafka.freeze()
    const closed = await millisecondsOf(() => reading.close())
    kafka.thaw()
    say(`closed in ${Math.round(closed)} ms with the broker frozen`, '5,000 ms')
    expect(closed).toBeLessThan(5_000)
    await Promise.all(tails)
    await writing.close()
  },
  PATIENCE_MS,
)

test(
  'idle writers on every channel, on one opener: the broker counts few requests',
  async () => {
    await using java = await JavaClient.start(kafka.address)
    const opener = await mustGetBuilder('kafka').build({ hosts: [kafka.address] })
    const opened = await millisecondsOf(() =>
      each(channels, (name) => opener.open({ channel: { name: `idle-${name}`, accessMode: 'rw' } })),
    )
    say(`all open for writing in ${Math.round(opened)} ms`, 'none')
    await sleep(SETTLE_MS)
    const before = await java.requestsOf(kafka.processId)
    await sleep(COUNT_MS)
    const requests = (await java.requestsOf(kafka.processId)) - before
    say(`${((requests * 1000) / COUNT_MS).toFixed(1)} requests a second of idle writers`, 'at most 20')
    expect(requests).toBeGreaterThan(0)
    const closed = await millisecondsOf(() => opener.close())
    say(`the writers closed in ${Math.round(closed)} ms`, 'none')
  },
  PATIENCE_MS,
)

test(
  'an opener with a read on every channel closes while the broker is frozen',
  async () => {
    const opener = await mustGetBuilder('kafka').build({ hosts: [kafka.address] })
    const reads = await each(channels, async (name) => {
      const wal = await opener.open({ channel: { name: `idle-${name}`, accessMode: 'ro' } })
      const scanner = wal.read({ deliver: 'latest' })
      const next = scanner.next()
      await scanner.caughtUp()
      return { next }
    })
    kafka.freeze()
    const closed = await millisecondsOf(() => opener.close())
    kafka.thaw()
    say(`${reads.length} reads closed in ${Math.round(closed)} ms with the broker frozen`, '5,000 ms')
    expect(closed).toBeLessThan(5_000)
    for (const { next } of reads) expect((await next).done).toBe(true)
  },
  PATIENCE_MS,
)

test(
  `${CHANNELS} opens and closes leave no socket, timer, topic or consumer group behind that was not asked for`,
  async () => {
    const url = `kafka://${kafka.address}`
    await (await openWal(url, { channel: 'opened' })).close()
    const topics = await administer(kafka, (admin) => admin.listTopics())
    await sleep(500)
    const resources = () => process.getActiveResourcesInfo().sort()
    const connections = kafka.connections()
    const atFirst = resources()
    for (let i = 0; i < CHANNELS; i++) {
      if (i % 3 === 0) {
        const missing = openWal(url, { channel: `missing-${i}`, accessMode: 'ro' })
        await expect(missing).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
        continue
      }
      const wal = await openWal(url, { channel: 'opened', ...(i % 3 === 1 ? { accessMode: 'ro' } : {}) })
      const scanner = wal.read({ deliver: 'latest' })
      await scanner.ready()
      await wal.close()
    }
    // The system hears of a closed socket a little later.
    await expect.poll(resources, { timeout: 5_000 }).toEqual(atFirst)
    await expect.poll(() => kafka.connections(), { timeout: 5_000 }).toBe(connections)
    expect((await administer(kafka, (admin) => admin.listTopics())).sort()).toEqual(topics.sort())
    expect((await administer(kafka, (admin) => admin.listGroups())).groups).toEqual([])
  },
  PATIENCE_MS,
)
