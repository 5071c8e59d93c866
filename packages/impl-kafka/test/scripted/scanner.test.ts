import type { ScannerImpls, StartPosition } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { describe, expect, test } from 'vitest'
import { messageIds } from '../../src/records/message-id.js'
import { ScriptedLog, textsOf, turns } from './scripted-log.js'

type Start = StartPosition<NumberId>

async function opened() {
  const log = new ScriptedLog()
  log.cluster.make('orders')
  const opener = await log.opener()
  const scan = async (start: Start = 'oldest', maxBytes = 1 << 20) =>
    (await opener.openReadOnly('orders')).read({ start, maxBytes })
  return { log, opener, scan }
}

const from = (offset: number): Start => ({ from: messageIds.of(offset) })

/** Texts of the next records, or the code of the error. */
const next = (scanner: ScannerImpls) =>
  scanner.next().then(textsOf, (error: { code?: string }) => error.code ?? String(error))

const pages = (log: ScriptedLog) => log.broker.sent('Fetch').filter(({ body }) => body.minBytes === 0)

test('a log is read page by page, the next page is requested ahead, and its end is told once', async () => {
  const { log, scan } = await opened()
  const large = 'x'.repeat(60_000)
  for (let i = 0; i < 4; i++) log.partition.foreign([large])
  const scanner = await scan('oldest', 1000)
  expect((await next(scanner))?.length).toBe(1)
  await turns()
  // The second page came while nobody had asked for it yet; the third was not requested.
  expect(pages(log)).toHaveLength(2)
  for (let i = 1; i < 4; i++) expect((await next(scanner))?.length).toBe(1)
  expect(await next(scanner)).toEqual([])
  const asked = pages(log).length
  expect(asked).toBe(4)
  const waiting = next(scanner)
  await turns()
  log.partition.foreign(['more'])
  expect(await waiting).toEqual(['more'])
  expect(pages(log).length).toBe(asked)
})

test('a batch that comes whole is cut to what was asked for, and records below the place are left out', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a', 'b', 'c', 'd'])
  const scanner = await scan(from(1), 1)
  expect(await next(scanner)).toEqual(['b'])
  expect(await next(scanner)).toEqual(['c'])
  expect(await next(scanner)).toEqual(['d'])
  expect(await next(scanner)).toEqual([])
})

test('a large batch that the poll brings in part is read whole', async () => {
  const { log, opener } = await opened()
  log.cluster.make('other')
  const large = 'y'.repeat(3_000_000)
  const tail = async (channel: string) => {
    const scanner = (await opener.openReadOnly(channel)).read({ start: 'latest', maxBytes: 1 << 20 })
    expect(await next(scanner)).toEqual([])
    return next(scanner)
  }
  const waiting = [tail('other'), tail('orders')]
  await log.pass(300)
  // Of one answer to the poll, only the first batch comes whole.
  for (const channel of ['other', 'orders']) log.cluster.topic(channel).partition.foreign([large])
  expect(await Promise.all(waiting)).toEqual([[large], [large]])
})

test('aborted transactions and markers are not delivered, and open ones hold the reader back', async () => {
  const { log, scan } = await opened()
  const theirs = { producerId: 7n, producerEpoch: 0, transactional: true }
  log.partition.foreign(['a'])
  log.partition.foreign(['aborted'], { ...theirs, baseSequence: 0 })
  log.partition.foreign(['b'])
  log.partition.endTransaction(7n, 'abort')
  log.partition.foreign(['committed'], { ...theirs, baseSequence: 1 })
  log.partition.foreign(['c'])
  const scanner = await scan()
  expect(await next(scanner)).toEqual(['a', 'b'])
  expect(await next(scanner)).toEqual([])
  const waiting = next(scanner)
  await log.pass(300)
  log.partition.endTransaction(7n, 'commit')
  await log.pass(300)
  expect(await waiting).toEqual(['committed', 'c'])
})

test('a reader of the latest begins behind the last committed record', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a'])
  log.partition.foreign(['open'], { producerId: 7n, producerEpoch: 0, baseSequence: 0, transactional: true })
  const scanner = await scan('latest')
  await scanner.ready()
  expect(await next(scanner)).toEqual([])
  const waiting = next(scanner)
  log.partition.endTransaction(7n, 'commit')
  await log.pass(300)
  expect(await waiting).toEqual(['open'])
})

test('a start below the log’s beginning is refused, and so is a record that is truncated under the reader', async () => {
  const { log, scan } = await opened()
  for (const text of ['a', 'b', 'c']) log.partition.foreign([text.repeat(60_000)])
  const scanner = await scan('oldest', 1)
  expect((await next(scanner))?.length).toBe(1)
  await turns()
  log.partition.logStart = 3
  expect((await next(scanner))?.length).toBe(1)
  expect(await next(scanner)).toBe('WAL_POSITION_TRUNCATED')
  const below = await scan(from(1))
  await expect(below.ready()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
  expect(await next(below)).toBe('WAL_POSITION_TRUNCATED')
  expect(await next(await scan(from(3)))).toEqual([])
})

test('a start behind the log’s end means that the log lost its end', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a', 'b'])
  expect(await next(await scan(from(5)))).toBe('WAL_LOG_ROLLED_BACK')
})

test('a page behind which the log lost its end is not read, though others were stored in its place', async () => {
  const { log, scan } = await opened()
  const large = 'x'.repeat(60_000)
  for (let i = 0; i < 5; i++) log.partition.foreign([large])
  const scanner = await scan('oldest', 1)
  await next(scanner)
  await turns()
  await next(scanner)
  await turns()
  expect(pages(log).at(-1)?.body.topics[0]).toMatchObject({ offset: 2, lastFetchedEpoch: 0 })
  log.partition.elect({ keep: 1 })
  for (let i = 0; i < 6; i++) log.partition.foreign([large])
  // The reader’s request names the old leader’s epoch. Here the broker does not compare it: only the records’ epoch tells.
  log.partition.leaderEpoch = 0
  expect((await next(scanner))?.length).toBe(1)
  expect(await next(scanner)).toBe('WAL_LOG_ROLLED_BACK')
})

test('what lies where another leader’s log parts from the reader’s is never read', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a', 'b', 'c'])
  const scanner = await scan()
  expect(await next(scanner)).toEqual(['a', 'b', 'c'])
  expect(await next(scanner)).toEqual([])
  log.partition.elect({ keep: 1 })
  log.partition.foreign(['x', 'y', 'z'])
  // As above: only the records’ epoch tells.
  log.partition.leaderEpoch = 0
  const waiting = next(scanner)
  await log.pass(300)
  expect(await waiting).toBe('WAL_LOG_ROLLED_BACK')
})

test('a topic that was deleted and made again is not read as the old one', async () => {
  const { log, opener, scan } = await opened()
  log.partition.foreign(['a', 'b'])
  const scanner = await scan()
  expect(await next(scanner)).toEqual(['a', 'b'])
  expect(await next(scanner)).toEqual([])
  const wal = await opener.openReadOnly('orders')
  log.cluster.topics.delete('orders')
  log.cluster.make('orders').partition.foreign(['x', 'y', 'z'])
  const waiting = next(scanner)
  await log.pass(300)
  expect(await waiting).toBe('WAL_CHANNEL_NOT_FOUND')
  expect(await next(wal.read({ start: 'oldest', maxBytes: 1000 }))).toBe('WAL_CHANNEL_NOT_FOUND')
  await expect(wal.last()).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
})

test('a scanner does not go on over another connection', async () => {
  const { log, scan } = await opened()
  for (let i = 0; i < 4; i++) log.partition.foreign(['x'.repeat(60_000)])
  const scanner = await scan('oldest', 1)
  await next(scanner)
  await turns()
  log.broker.hangUp()
  await turns(3)
  await next(scanner)
  expect(await next(scanner)).toBe('WAL_UNAVAILABLE')
  expect(await next(scanner)).toBe('WAL_UNAVAILABLE')
})

test('damage is told behind the records before it', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a'])
  log.partition.foreign(['b'])
  const last = log.partition.batches.at(-1)?.bytes as Buffer
  last[last.length - 1] = (last[last.length - 1] as number) ^ 255
  const scanner = await scan()
  expect(await next(scanner)).toEqual(['a'])
  expect(await next(scanner)).toBe('WAL_CORRUPT')
})

describe('behind the last record that can be read', () => {
  const theirs = { producerId: 7n, producerEpoch: 0, baseSequence: 0, transactional: true }

  test('a reader is not told that the log ends below its place, while a new leader’s high watermark stands back', async () => {
    const { log, scan } = await opened()
    for (const text of ['a', 'b', 'c']) log.partition.foreign([text])
    log.partition.standsBackAt = 1
    expect(await next(await scan(from(2)))).toBe('WAL_UNAVAILABLE')
    expect(await next(await scan(from(3)))).toBe('WAL_UNAVAILABLE')
    log.partition.standsBackAt = undefined
    expect(await next(await scan(from(2)))).toEqual(['c'])
    expect(await next(await scan(from(3)))).toEqual([])
    expect(await next(await scan(from(4)))).toBe('WAL_LOG_ROLLED_BACK')
  })

  test('an end that stands back is not told as the end of the log', async () => {
    const { log, scan } = await opened()
    for (const text of ['a', 'b', 'c']) log.partition.foreign([text])
    log.partition.standsBackAt = 1
    expect(await next(await scan('oldest'))).toBe('WAL_UNAVAILABLE')
  })

  test('an answer may have records that were stored after the broker had looked up the end it tells', async () => {
    const { log, scan } = await opened()
    for (const text of ['a', 'b', 'c']) log.partition.foreign([text])
    log.partition.storedMeanwhile = 1
    const scanner = await scan('oldest')
    expect(await next(scanner)).toEqual(['a', 'b', 'c'])
    log.partition.storedMeanwhile = 0
    expect(await next(scanner)).toEqual([])
  })

  test('a reader is not told that the log ends below its place, while a transaction is open there', async () => {
    const { log, scan } = await opened()
    log.partition.foreign(['a'])
    log.partition.foreign(['open'], theirs)
    log.partition.foreign(['b'])
    expect(await next(await scan(from(2)))).toBe('WAL_UNAVAILABLE')
    log.partition.endTransaction(7n, 'abort')
    expect(await next(await scan(from(2)))).toEqual(['b'])
  })
})

test('a reader of the latest learns that the log lost its end before the first record', async () => {
  const { log, scan } = await opened()
  log.partition.foreign(['a', 'b', 'c'])
  const scanner = await scan('latest')
  expect(await next(scanner)).toEqual([])
  log.partition.elect({ keep: 1 })
  log.partition.foreign(['x', 'y', 'z'])
  // As above: only the epoch tells.
  log.partition.leaderEpoch = 0
  const waiting = next(scanner)
  await log.pass(300)
  expect(await waiting).toBe('WAL_LOG_ROLLED_BACK')
})

describe('at its beginning a scanner', () => {
  const sentSince = (log: ScriptedLog, before: number) =>
    log.broker.requests.slice(before).flatMap(({ name }) => (name === 'Metadata' ? [] : [name]))

  test('sends all that it asks for at once', async () => {
    const { log, opener } = await opened()
    log.partition.foreign(['a', 'b', 'c'])
    for (const start of ['oldest', from(1)] as const) {
      const wal = await opener.openReadOnly('orders')
      const before = log.broker.requests.length
      const scanner = wal.read({ start, maxBytes: 1000 })
      await turns(1)
      expect(sentSince(log, before)).toEqual(['ListOffsets', 'Fetch'])
      expect((await next(scanner))?.at(-1)).toBe('c')
    }
  })

  test('asks a leader that has told the end before for records only', async () => {
    const { log, opener } = await opened()
    log.partition.foreign(['a', 'b', 'c'])
    const wal = await opener.openReadOnly('orders')
    const scan = async (start: Start) => {
      const before = log.broker.requests.length
      expect((await next(wal.read({ start, maxBytes: 1000 })))?.at(-1)).toBe('c')
      return sentSince(log, before)
    }
    await scan('oldest')
    expect(await scan('oldest')).toEqual(['Fetch'])
    expect(await scan(from(1))).toEqual(['Fetch'])
    log.broker.hangUp()
    await turns(3)
    expect(await scan('oldest')).toEqual(['ListOffsets', 'Fetch'])
  })

  test('believes no page of a new leader that does not know the end yet', async () => {
    const { log, opener } = await opened()
    for (const text of ['a', 'b', 'c']) log.partition.foreign([text])
    const wal = await opener.openReadOnly('orders')
    const scan = () => next(wal.read({ start: 'oldest', maxBytes: 1000 }))
    expect(await scan()).toEqual(['a', 'b', 'c'])
    log.partition.elect()
    log.partition.standsBackAt = 1
    for (let i = 0; i < 3; i++) expect(await scan()).toBe('WAL_UNAVAILABLE')
    log.partition.standsBackAt = undefined
    expect(await scan()).toEqual(['a', 'b', 'c'])
  })

  test('finds the oldest record of a log that was truncated', async () => {
    const { log, scan } = await opened()
    for (const text of ['a', 'b', 'c']) log.partition.foreign([text])
    log.partition.logStart = 1
    expect(await next(await scan('oldest'))).toEqual(['b', 'c'])
  })
})
