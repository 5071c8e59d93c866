import { crc32c } from '@wal/walimpls/helper'
import { describe, expect, test } from 'vitest'
import { CHECKED_FROM, CRC } from '../../src/records/batch-layout.js'
import { ScriptedLog, textsOf, turns } from './scripted-log.js'
import { foreignBatch } from './scripted-partition.js'

const ends = (log: ScriptedLog) =>
  log.broker.sent('ListOffsets').filter(({ body }) => body.topics.some(({ place }) => place === 'latest'))

async function reader() {
  const log = new ScriptedLog()
  log.cluster.make('orders')
  const wal = await (await log.opener()).openReadOnly('orders')
  /** The last record’s text, or the code of the error; undefined for none. */
  const last = async () => {
    const looking = wal.last().then(
      (message) => message && textsOf([message])?.[0],
      (error: { code: string }) => error.code,
    )
    await log.pass(60)
    return looking
  }
  return { log, last }
}

test('an unchanged log is answered from memory, with one question for its end', async () => {
  const { log, last } = await reader()
  expect(await last()).toBeUndefined()
  log.partition.foreign(['a', 'b'])
  expect(await last()).toBe('b')
  const [fetches, asked] = [log.broker.count('Fetch'), log.broker.count('ListOffsets')]
  expect(await last()).toBe('b')
  expect(log.broker.count('Fetch')).toBe(fetches)
  expect(log.broker.count('ListOffsets')).toBe(asked + 1)
  log.partition.foreign(['c'])
  expect(await last()).toBe('c')
})

test('the record before the end is read without a question for the log’s beginning', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['a', 'b'])
  expect(await last()).toBe('b')
  expect(log.broker.count('ListOffsets')).toBe(1)
  expect(log.broker.count('Fetch')).toBe(1)
})

test('a log that another leader has at the same length is read again', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['a'])
  expect(await last()).toBe('a')
  log.partition.elect({ keep: 0 })
  log.partition.foreign(['b'])
  // The leader that is known is too old: the next look asks for the present one.
  expect(await last()).toBe('WAL_UNAVAILABLE')
  expect(await last()).toBe('b')
})

test('many logs ask together', async () => {
  const log = new ScriptedLog()
  const channels = Array.from({ length: 20 }, (_, i) => `channel-${i}`)
  for (const channel of channels) log.cluster.make(channel).partition.foreign([channel])
  const opener = await log.opener()
  const wals = await Promise.all(channels.map((channel) => opener.openReadOnly(channel)))
  const round = async () => {
    const looking = wals.map((wal) => wal.last())
    await log.pass(100)
    expect((await Promise.all(looking)).map((message) => message && textsOf([message])?.[0])).toEqual(
      channels,
    )
  }
  for (let i = 0; i < 3; i++) await round()
  expect(ends(log).length).toBeLessThanOrEqual(6)
  // The first question goes out at once, those that come until the next one go together.
  expect(ends(log).at(-1)?.body.topics).toHaveLength(19)
})

test('a broker is asked by writers twenty times a second at most, behind ten questions at once', async () => {
  const log = new ScriptedLog()
  const { wal } = await log.writerAtWork()
  const begin = log.runtime.monotonic()
  let over = false
  const asking = (async () => {
    while (!over) await wal.last()
  })()
  for (let i = 0; i < 100; i++) await log.pass(10)
  over = true
  await log.pass(100)
  await asking
  const within = (ms: number) => ends(log).filter(({ at }) => at - begin <= ms).length
  expect(within(40)).toBeGreaterThanOrEqual(10)
  for (const ms of [100, 400, 1000]) expect(within(ms)).toBeLessThanOrEqual(11 + ms / 50)
})

test('a reader’s question does not wait for the pause of writers, and takes theirs along', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const { wal } = await log.writerAtWork({}, opener)
  const reader = await opener.openReadOnly('orders')
  for (let i = 0; i < 15; i++) await reader.last()
  for (let i = 0; i < 10; i++) await wal.last()
  const waiting = wal.last()
  await turns()
  const asked = ends(log).length
  expect((await reader.last())?.payload).toEqual((await waiting)?.payload)
  expect(ends(log).length).toBe(asked + 1)
})

test('markers and records of aborted transactions at the end are passed over', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['kept'])
  const theirs = { producerId: 7n, producerEpoch: 0, transactional: true }
  log.partition.foreign(['aborted 1'], { ...theirs, baseSequence: 0 })
  log.partition.foreign(['aborted 2'], { ...theirs, baseSequence: 1 })
  log.partition.endTransaction(7n, 'abort')
  expect(await last()).toBe('kept')
  log.partition.foreign(['committed'], { ...theirs, baseSequence: 2 })
  log.partition.endTransaction(7n, 'commit')
  expect(await last()).toBe('committed')
})

test('a record of a transaction that is still open is not the last one, nor is any behind it', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['kept'])
  log.partition.foreign(['open'], { producerId: 7n, producerEpoch: 0, baseSequence: 0, transactional: true })
  log.partition.foreign(['behind'])
  expect(await last()).toBe('kept')
  expect(ends(log).every(({ body }) => body.committed)).toBe(true)
  log.partition.endTransaction(7n, 'commit')
  expect(await last()).toBe('behind')
})

test('a log of which others removed every record has no last record that could be given', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['a', 'b'])
  log.partition.logStart = 2
  expect(await last()).toBe('WAL_POSITION_TRUNCATED')
})

test('what a caller does to the record that it got does not change the next answer', async () => {
  const log = new ScriptedLog()
  log.cluster.make('orders').partition.foreign(['a'])
  const wal = await (await log.opener()).openReadOnly('orders')
  ;(await wal.last())?.payload.fill(0)
  const again = wal.last()
  await log.pass(60)
  const message = await again
  expect(message && textsOf([message])).toEqual(['a'])
})

test('a leader that is gone is asked for again', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  log.cluster.make('orders').partition.foreign(['a'])
  const wal = await (await log.opener()).openReadOnly('orders')
  log.broker.down = true
  log.broker.hangUp()
  log.cluster.topic('orders').leader = 2
  log.partition.elect()
  const codes: unknown[] = []
  for (let i = 0; i < 3; i++) {
    const looking = wal.last().then(
      (message) => message && textsOf([message])?.[0],
      (error: { code: string }) => error.code,
    )
    await log.pass(60)
    codes.push(await looking)
  }
  expect(codes.at(-1)).toBe('a')
})

test('a broker that was started again on an older copy is not answered for from memory', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['a'])
  log.partition.foreign(['lost'])
  expect(await last()).toBe('lost')
  log.partition.setBack(1)
  log.partition.foreign(['other'])
  log.broker.hangUp()
  expect(await last()).toBe('other')
})

test('many records that were given up are passed over in few requests', async () => {
  const { log, last } = await reader()
  log.partition.foreign(['kept'])
  const theirs = { producerId: 7n, producerEpoch: 0, transactional: true }
  for (let i = 0; i < 500; i++) log.partition.foreign([`aborted ${i}`], { ...theirs, baseSequence: i })
  log.partition.endTransaction(7n, 'abort')
  expect(await last()).toBe('kept')
  expect(log.broker.count('Fetch')).toBeLessThan(10)
})

test('a caller who gives up ends the search', async () => {
  const log = new ScriptedLog()
  log.cluster.make('orders')
  const theirs = { producerId: 7n, producerEpoch: 0, transactional: true }
  for (let i = 0; i < 50; i++) log.partition.foreign([`aborted ${i}`], { ...theirs, baseSequence: i })
  log.partition.endTransaction(7n, 'abort')
  const wal = await (await log.opener()).openReadOnly('orders')
  const giveUp = new AbortController()
  log.broker.next('Fetch', () => {
    giveUp.abort(new Error('given up'))
    return 'usual'
  })
  await expect(wal.last({ signal: giveUp.signal })).rejects.toThrow('given up')
  await turns()
  expect(log.broker.count('Fetch')).toBe(1)
})

describe('a damaged end', () => {
  /** A batch whose last record has a number of headers that it has no room for, under a right check sum. */
  function damagedBatch(payloads: readonly string[]): Buffer {
    const bytes = foreignBatch(payloads)
    bytes[bytes.length - 1] = 100
    bytes.writeUInt32BE(crc32c(bytes, CHECKED_FROM, bytes.length), CRC)
    return bytes
  }

  test('is told, and no record before it is taken for the last one', async () => {
    for (const payloads of [['b'], ['b', 'c', 'd']]) {
      const { log, last } = await reader()
      log.partition.foreign(['a'])
      log.partition.store(damagedBatch(payloads))
      expect(await last()).toBe('WAL_CORRUPT')
      log.partition.foreign(['whole again'])
      expect(await last()).toBe('whole again')
    }
  })

  test('is told where records behind it were given up', async () => {
    // With two records behind it, the part of the log that is looked at begins with its whole record.
    for (const givenUp of [2, 3]) {
      const { log, last } = await reader()
      log.partition.foreign(['a'])
      log.partition.store(damagedBatch(['b', 'c']))
      const theirs = { producerId: 7n, producerEpoch: 0, transactional: true }
      for (let i = 0; i < givenUp; i++)
        log.partition.foreign([`aborted ${i}`], { ...theirs, baseSequence: i })
      log.partition.endTransaction(7n, 'abort')
      expect(await last()).toBe('WAL_CORRUPT')
    }
  })
})
