import { type PulsarServer, startPulsar } from '@wal/brokers'
import {
  type AppendResult,
  openWal,
  type PositionTruncatedError,
  type ScannerElement,
  type WAL,
} from '@wal/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import '../src/index.js'
import { smallLedgers } from './trims.js'

const DRIVER = process.env.WAL_TEST_PULSAR_CLIENT === undefined ? 'protocol' : 'native'

const ENTRIES_OF_A_LEDGER = 5
/** Larger than a page of a reader has room for many times over. */
const MESSAGES = 120
const PAYLOAD_BYTES = 64 << 10
/** The message up to which the log is truncated. */
const LAST_GONE = 79
const PATIENCE_MS = 240_000

let pulsar: PulsarServer
beforeAll(async () => {
  pulsar = await startPulsar({ config: smallLedgers(ENTRIES_OF_A_LEDGER) })
})
afterAll(() => pulsar.stop())

let logs = 0

/** A log of messages of one entry each, in many ledgers. */
async function filled() {
  const channel = `trimmed-${logs++}`
  const url = `${pulsar.url}/public/default?driver=${DRIVER}`
  const wal = await openWal(url, { channel, timeTickMs: 60_000 })
  onTestFinished(() => wal.close())
  const results: AppendResult[] = []
  for (let i = 0; i < MESSAGES; i++) results.push(await wal.append({ payload: payloadOf(i) }))
  const reader = () => open(url, channel)
  return { channel, wal, results, reader, positionOf: (i: number) => results[i]?.position as string }
}

async function open(url: string, channel: string) {
  const reader = await openWal(url, { channel, accessMode: 'ro' })
  onTestFinished(() => reader.close())
  return reader
}

const payloadOf = (i: number) => Buffer.alloc(PAYLOAD_BYTES, `${i} `)
const numberOf = (payload: Uint8Array) => Number.parseInt(Buffer.from(payload.subarray(0, 8)).toString(), 10)
const from = (first: number) => Array.from({ length: MESSAGES - first }, (_, i) => first + i)

/** The numbers of the messages, and the reasons of gaps. */
async function shown(scanner: AsyncIterable<ScannerElement>): Promise<(number | string)[]> {
  const seen: (number | string)[] = []
  for await (const each of scanner)
    if (each.kind === 'message') seen.push(numberOf(each.payload))
    else if (each.kind === 'gap') seen.push(each.reason)
  return seen
}

/** The numbers that a scanner gives before the error with which it ends. */
async function toError(scanner: AsyncIterable<ScannerElement>) {
  const seen: number[] = []
  try {
    for await (const each of scanner) if (each.kind === 'message') seen.push(numberOf(each.payload))
  } catch (error) {
    return { seen, error: error as PositionTruncatedError }
  }
  throw new Error(`The scanner gave ${seen.length} messages and no error.`)
}

/** Removes everything up to this message, and waits until the broker has freed it. */
async function truncate({ wal, channel, positionOf }: Log): Promise<{ freed: number }> {
  const before = await pulsar.admin.internalStats(channel)
  await wal.truncate(positionOf(LAST_GONE))
  await pulsar.admin.trim(channel)
  await expect
    .poll(async () => (await pulsar.admin.internalStats(channel)).ledgers.length, { timeout: 60_000 })
    .toBeLessThanOrEqual((MESSAGES - LAST_GONE) / ENTRIES_OF_A_LEDGER + 3)
  return { freed: before.totalSize - (await pulsar.admin.internalStats(channel)).totalSize }
}

/** A reader below the truncation point is told, and can go on where the error says. */
async function assertTold(reader: Pick<WAL, 'read'>, error: PositionTruncatedError): Promise<void> {
  expect(error.code).toBe('WAL_POSITION_TRUNCATED')
  expect(await shown(reader.read({ from: error.oldest as string, until: 'end' }))).toEqual(
    from(LAST_GONE + 1),
  )
}

test(
  'truncate frees the storage of whole ledgers, by the broker’s own statistics',
  async () => {
    const log = await filled()
    const { ledgers } = await pulsar.admin.internalStats(log.channel)
    expect(ledgers.length).toBeGreaterThan(MESSAGES / ENTRIES_OF_A_LEDGER - 1)
    const { freed } = await truncate(log)
    // All but the ledger in which the truncation point lies, and the one before.
    expect(freed).toBeGreaterThan((LAST_GONE - 2 * ENTRIES_OF_A_LEDGER) * PAYLOAD_BYTES)
    expect(await shown((await log.reader()).read({ until: 'end' }))).toEqual(from(LAST_GONE + 1))
  },
  PATIENCE_MS,
)

test(
  'a slow reader whose next ledgers are trimmed gets what it has read ahead, then WAL_POSITION_TRUNCATED',
  async () => {
    const log = await filled()
    const reader = await log.reader()
    const slow = reader.read({ until: 'end' })
    expect(numberOf(((await slow.next()).value as ScannerElement & { payload: Uint8Array }).payload)).toBe(0)
    await truncate(log)
    const { seen, error } = await toError(slow)
    expect(seen).toEqual(from(1).slice(0, seen.length))
    expect(seen.length).toBeLessThan(LAST_GONE)
    await assertTold(reader, error)
  },
  PATIENCE_MS,
)

test(
  'a slow reader with gaps: "deliver" gets one gap in place of the trimmed ledgers',
  async () => {
    const log = await filled()
    const reader = await log.reader()
    const slow = reader.read({ gaps: 'deliver', until: 'end' })
    expect(numberOf(((await slow.next()).value as ScannerElement & { payload: Uint8Array }).payload)).toBe(0)
    await truncate(log)
    const seen = await shown(slow)
    const gap = seen.indexOf('truncated')
    expect(gap).toBeGreaterThan(0)
    expect(seen).toEqual([...from(1).slice(0, gap), 'truncated', ...from(LAST_GONE + 1)])
  },
  PATIENCE_MS,
)

test(
  'a resumed reader and one that begins late below the trimmed ledgers are told, or get one gap',
  async () => {
    const log = await filled()
    await truncate(log)
    const reader = await log.reader()
    for (const start of [
      { after: log.positionOf(10) },
      { from: log.positionOf(0) },
      { from: log.positionOf(LAST_GONE) },
    ]) {
      const { seen, error } = await toError(reader.read({ ...start, until: 'end' }))
      expect(seen).toEqual([])
      await assertTold(reader, error)
      expect(await shown(reader.read({ ...start, gaps: 'deliver', until: 'end' }))).toEqual([
        'truncated',
        ...from(LAST_GONE + 1),
      ])
    }
  },
  PATIENCE_MS,
)

test(
  'ledgers that others removed are told too: nobody is given the rest in silence',
  async () => {
    const log = await filled()
    const reader = await log.reader()
    const slow = reader.read({ until: 'end' })
    await slow.next()
    // A time tick in the last ledger, which the broker keeps: it names the log.
    do await log.wal.barrier()
    while ((await pulsar.admin.internalStats(log.channel)).currentLedgerEntries === 0)
    await pulsar.admin.skipAll(log.channel, 'wal-kept')
    await pulsar.admin.trim(log.channel)
    await expect
      .poll(async () => (await pulsar.admin.internalStats(log.channel)).ledgers.length, { timeout: 60_000 })
      .toBe(1)
    await log.wal.append({ payload: payloadOf(MESSAGES) })
    const { seen, error } = await toError(slow)
    expect(seen).toEqual(from(1).slice(0, seen.length))
    expect(error.code).toBe('WAL_POSITION_TRUNCATED')
    for (const start of [{ after: log.positionOf(10) }, { from: log.positionOf(0) }])
      expect((await toError(reader.read({ ...start, until: 'end' }))).error.code).toBe(
        'WAL_POSITION_TRUNCATED',
      )
  },
  PATIENCE_MS,
)

type Log = Awaited<ReturnType<typeof filled>>
