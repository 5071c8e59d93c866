import { type RedisServer, startRedis } from '@wal/brokers'
import type { WALImpls } from '@wal/walimpls'
import { expect, test } from 'vitest'
import type { RedisStreamsId } from '../src/stored/message-id.js'
import { batchOf, Scene, scan, text } from './scene.js'

const LOADED = 10
const MANY = 1000
/** Batches for each channel under load. `npm run test:redis-scanners:long` measures; otherwise they only have to arrive. */
const BATCHES = Number(process.env.WAL_TEST_SCANNER_BATCHES ?? 20)
const ROUNDS = 3

interface Load {
  readonly seconds: number
  readonly perScanner: readonly number[]
}

test(`the same load on ${LOADED} channels, beside ${LOADED} scanners and beside ${MANY}: all of it arrives`, async () => {
  await using redis = await startRedis()
  // Alternate, so that the machine is in the same state for both.
  const few: number[] = []
  const many: number[] = []
  for (let round = 0; round < ROUNDS; round++)
    for (const [times, channels] of [
      [few, LOADED],
      [many, MANY],
    ] as const) {
      const { seconds, perScanner } = await load(redis, channels)
      times.push(seconds)
      expect(perScanner).toEqual(Array(LOADED).fill(BATCHES))
    }
  const ratio = Math.min(...many) / Math.min(...few)
  console.log(
    `${LOADED} channels, ${BATCHES} batches each: ${shown(few)} s beside ${LOADED} scanners, ` +
      `${shown(many)} s beside ${MANY}: ratio ${ratio.toFixed(2)}`,
  )
})

const shown = (times: readonly number[]) => times.map((each) => each.toFixed(2)).join(' ')

/** Tails so many channels by one opener, and appends to the first ten until every record has arrived. */
async function load(redis: RedisServer, channels: number): Promise<Load> {
  await using writing = Scene.on(redis)
  await using reading = Scene.on(redis)
  const writer = await writing.opener()
  const reader = await reading.opener()
  const logs: WALImpls<RedisStreamsId>[] = []
  const scanners: ReturnType<typeof scan>[] = []
  for (let i = 0; i < channels; i++) {
    const name = `${writing.channel}-${i}`
    const wal = await writer.open(name, { term: 1, incarnation: 'one' })
    await wal.append(batchOf(0, [text('opening')]))
    const scanner = scan(await reader.openReadOnly(name), 'latest')
    expect(await scanner.next()).toEqual([])
    logs.push(wal)
    scanners.push(scanner)
  }
  const idle = scanners.slice(LOADED).map((scanner) => scanner.next())
  const began = performance.now()
  const perScanner = scanners.slice(0, LOADED).map(arrivals)
  await Promise.all(logs.slice(0, LOADED).map(appendAll))
  const arrived = await Promise.all(perScanner)
  const seconds = (performance.now() - began) / 1000
  await Promise.all(scanners.map((scanner) => scanner.close()))
  await Promise.allSettled(idle)
  return { seconds, perScanner: arrived }
}

async function appendAll(wal: WALImpls<RedisStreamsId>): Promise<void> {
  for (let i = 1; i <= BATCHES; i++) await wal.append(batchOf(i, [text('x'.repeat(200))]))
}

async function arrivals(scanner: ReturnType<typeof scan>): Promise<number> {
  let count = 0
  while (count < BATCHES) count += (await scanner.next())?.length ?? 0
  return count
}
