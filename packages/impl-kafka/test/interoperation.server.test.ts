import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaServer, startKafka } from '@wal/brokers'
import { openWal } from '@wal/core'
import {
  encodeInt64,
  encodeUint64,
  MESSAGE_TYPE,
  type ReadOnlyWALImpls,
  type StoredMessage,
} from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { CompressionTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import '../src/index.js'
import { messageIds } from '../src/records/message-id.js'
import { JavaClient, type JavaRecord } from './java/java-client.js'
import { administer, kafkajs } from './other-application.js'
import { Scene } from './scene.js'

let kafka: KafkaServer
let java: JavaClient
let hanging: Awaited<ReturnType<typeof hangingTransaction>>
beforeAll(async () => {
  kafka = await startKafka()
  java = await JavaClient.start(kafka.address)
  hanging = await hangingTransaction()
})
afterAll(async () => {
  await java[Symbol.asyncDispose]()
  await kafka.stop()
})

const RECORDS = 300
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Every tenth record has much text that compresses, every seventh has no payload. */
function record(i: number, kind: string): JavaRecord {
  const text = i % 10 === 0 ? `${kind} ${i} `.repeat(400) : `${kind} ${i}`
  return {
    key: i % 2 === 0 ? null : 'key',
    value: i % 7 === 0 ? null : Buffer.from(text),
    headers: [
      ['kind', kind],
      ['n', `${i}`],
      ['none', null],
      ['empty', ''],
      ['créé', '日本'],
      ['n', `last ${i}`],
    ],
  }
}

/** What a reader gets of such a record: of a header that is there twice, the last value; empty texts for what is missing. */
function expected(i: number, kind: string): unknown {
  const { value } = record(i, kind)
  const properties = [...['kind', kind], ...['n', `last ${i}`], 'none', '', 'empty', '', 'créé', '日本']
  return { payload: value === null ? '' : String(value), properties }
}

/** A topic as another application makes it. */
async function topicOf(name: string): Promise<string> {
  const topic = `${name}-${randomBytes(4).toString('hex')}`
  await administer(kafka, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }))
  return topic
}

async function reader(channel: string): Promise<ReadOnlyWALImpls<NumberId>> {
  const scene = new Scene({ hosts: [kafka.address] })
  onTestFinished(() => scene[Symbol.asyncDispose]())
  return (await scene.opener()).openReadOnly(channel)
}

/** All records up to the log's end. */
async function stored(
  log: ReadOnlyWALImpls<NumberId>,
  maxBytes = 1 << 20,
): Promise<StoredMessage<NumberId>[]> {
  const scanner = log.read({ start: 'oldest', maxBytes })
  const all: StoredMessage<NumberId>[] = []
  for (let batch = await scanner.next(); batch?.length; batch = await scanner.next()) all.push(...batch)
  await scanner.close()
  const offsets = all.map(({ id }) => messageIds.numberOf(id))
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
  return all
}

const shown = ({ payload, properties }: StoredMessage) => ({
  payload: String(Buffer.from(payload)),
  properties: [...properties],
})

async function records(log: ReadOnlyWALImpls<NumberId>, maxBytes?: number) {
  return (await stored(log, maxBytes)).map(shown)
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

describe.each(CODECS)('records that Java’s producer stores with the codec %s', (codec) => {
  const settings = { 'compression.type': codec, 'linger.ms': 20 }

  test('of an idempotent producer are read, each one and in their order', async () => {
    const topic = await topicOf(`idempotent-${codec}`)
    const producer = await java.producer({ ...settings, 'enable.idempotence': true })
    await producer.send(topic, ...numbers(0, RECORDS).map((i) => record(i, 'plain')))
    await producer.flush()
    const log = await reader(topic)
    const all = numbers(0, RECORDS).map((i) => expected(i, 'plain'))
    expect(await records(log)).toEqual(all)
    expect(await records(log, 1)).toEqual(all)
    expect(messageIds.numberOf((await log.last())?.id as NumberId)).toBe(RECORDS - 1)
  })

  test('of transactions are read when they were committed, in the order in which they are stored', async () => {
    const topic = await topicOf(`transactions-${codec}`)
    const id = () => `application-${randomBytes(4).toString('hex')}`
    const one = await java.producer({ ...settings, 'transactional.id': id() })
    const two = await java.producer({ ...settings, 'transactional.id': id() })
    const plain = await java.producer(settings)
    const wanted: unknown[] = []
    // Two transactions at a time, with records of both and of neither between each other; every fourth is committed.
    for (let round = 0; round < 8; round++) {
      const kept = [round % 2 === 0, round % 4 === 1] as const
      await Promise.all([one.begin(), two.begin()])
      for (const from of [0, 20]) {
        for (const [producer, kind, isKept] of [
          [one, `one ${round}`, kept[0]],
          [two, `two ${round}`, kept[1]],
          [plain, `plain ${round}`, true],
        ] as const) {
          await producer.send(topic, ...numbers(from, 20).map((i) => record(i, kind)))
          await producer.flush()
          if (isKept) wanted.push(...numbers(from, 20).map((i) => expected(i, kind)))
        }
      }
      await (kept[0] ? one.commit() : one.abort())
      await (kept[1] ? two.commit() : two.abort())
    }
    const log = await reader(topic)
    expect(await records(log)).toEqual(wanted)
    expect(await records(log, 1)).toEqual(wanted)
    // The last records are a marker, and those of an aborted transaction.
    expect(shown((await log.last()) ?? expect.unreachable())).toEqual(wanted.at(-1))
  })
})

test.each([
  ['idempotent', {}, CompressionTypes.None],
  ['gzip', {}, CompressionTypes.GZIP],
  ['transactional', { transactionalId: 'an application' }, CompressionTypes.GZIP],
])('records of kafkajs’ producer are read, %s', async (name, more, compression) => {
  const topic = await topicOf(`kafkajs-${name}`)
  const producer = kafkajs(kafka).producer({ idempotent: true, maxInFlightRequests: 1, ...more })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const messages = (kind: string) =>
    numbers(0, RECORDS).map((i) => ({
      value: i % 7 === 0 ? null : `${kind} ${i}`,
      headers: { kind, n: `${i}`, empty: '', créé: '日本' },
    }))
  const wanted = (kind: string) =>
    numbers(0, RECORDS).map((i) => ({
      payload: i % 7 === 0 ? '' : `${kind} ${i}`,
      properties: ['kind', kind, 'n', `${i}`, 'empty', '', 'créé', '日本'],
    }))
  const all: unknown[] = []
  for (let round = 0; round < 4; round++) {
    const kind = `round ${round}`
    const kept = !('transactionalId' in more) || round % 2 === 0
    const to = 'transactionalId' in more ? await producer.transaction() : producer
    await to.send({ topic, messages: messages(kind), compression })
    if ('abort' in to) await (kept ? to.commit() : to.abort())
    if (kept) all.push(...wanted(kind))
  }
  expect(await records(await reader(topic))).toEqual(all)
})

test('a record of another application, without our properties, is WAL_CORRUPT for wal.read, which names its place', async () => {
  const topic = await topicOf('orders')
  const producer = await java.producer({})
  await producer.send(topic, ...numbers(0, 3).map((i) => record(i, 'plain')))
  await producer.flush()
  const wal = await openWal(`kafka://${kafka.address}`, { channel: topic, accessMode: 'ro' })
  onTestFinished(() => wal.close())
  const error = await wal
    .read()
    .next()
    .catch((reason: Error & { code: string }) => reason)
  expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
  // The read begins with a look at the log's last record.
  expect((error as Error).message).toBe(
    `kafka channel "${topic}", message 2: the format version _v is missing`,
  )
})

test.each(['none', 'gzip'])(
  'Java’s consumer reads ours (compression %s): payloads, and properties as headers in their order',
  async (compression) => {
    const channel = `ours-${compression}-${randomBytes(4).toString('hex')}`
    const wal = await openWal(`kafka://${kafka.address}?compression=${compression}`, { channel })
    const payloads = numbers(0, RECORDS).map((i) => randomBytes(i % 50 === 0 ? 100_000 : i))
    const properties = (i: number) => [...['z', `${i}`], ...['a', ''], ...['créé', '日本']]
    await Promise.all(
      payloads.map((payload, i) =>
        wal.append({ vchannel: 'eu', payload, properties: new Map(pairs(properties(i))) }),
      ),
    )
    await wal.close()
    const theirs = await java.read(channel)
    const ours = await stored(await reader(channel))
    expect(theirs).toEqual(
      ours.map(({ id, payload, properties }) => ({
        offset: messageIds.numberOf(id),
        value: Buffer.from(payload).toString('base64'),
        headers: pairs(properties),
      })),
    )
    const mine = theirs.filter(({ headers }) => headers.some(([key]) => key === 'z'))
    expect(mine.map(({ value }) => value)).toEqual(payloads.map((payload) => payload.toString('base64')))
    expect(mine.map(({ headers }) => headers.filter(([key]) => !key.startsWith('_')))).toEqual(
      payloads.map((_, i) => pairs(properties(i))),
    )
  },
)

const pairs = (list: readonly string[]): [string, string][] =>
  list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1] as string] as [string, string]] : []))

interface MilvusParts {
  readonly timeTick: number
  readonly text?: string
  readonly tick?: boolean
  /** The offset from which on everything above this record's time tick is stored. */
  readonly lastConfirmed: number
}

/** A record as Milvus stores it. */
function milvusRecord({ timeTick, text = '', tick = false, lastConfirmed }: MilvusParts): JavaRecord {
  return {
    value: text,
    headers: [
      ['_v', '2'],
      ['_t', String(tick ? MESSAGE_TYPE.TimeTick : 2)],
      ['_wt', encodeInt64(1n)],
      ['_tt', encodeUint64(BigInt(timeTick))],
      ['_vc', 'v'],
      ['_lc', messageIds.serialise(messageIds.of(lastConfirmed))],
    ],
  }
}

test('a log as Milvus writes it, by zstd and without our mark, comes in the order of its time ticks', async () => {
  const topic = await topicOf('milvus')
  const producer = await java.producer({
    'compression.type': 'zstd',
    'enable.idempotence': false,
    'linger.ms': 5,
  })
  const store = async (...parts: readonly MilvusParts[]) => {
    await producer.send(topic, ...parts.map(milvusRecord))
    await producer.flush()
  }
  await store(
    { timeTick: 1, tick: true, lastConfirmed: 0 },
    { timeTick: 30, text: 'd', lastConfirmed: 0 },
    { timeTick: 10, text: 'a', lastConfirmed: 0 },
    { timeTick: 10, text: 'b', lastConfirmed: 0 },
    { timeTick: 25, text: 'c', lastConfirmed: 0 },
    { timeTick: 30, tick: true, lastConfirmed: 1 },
    { timeTick: 50, text: 'f', lastConfirmed: 6 },
  )
  const wal = await openWal(`kafka://${kafka.address}`, { channel: topic, accessMode: 'ro' })
  onTestFinished(() => wal.close())
  const texts: string[] = []
  const positions: string[] = []
  for await (const { payload, position } of wal.read()) {
    texts.push(String(Buffer.from(payload)))
    positions.push(position)
    // The order of the last record is known only when a later time tick is stored.
    if (texts.length === 4)
      await store(
        { timeTick: 40, text: 'e', lastConfirmed: 6 },
        { timeTick: 60, tick: true, lastConfirmed: 6 },
      )
    if (texts.length === 6) break
  }
  expect(texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  const again: string[] = []
  for await (const { payload } of wal.read({ after: positions[1] as string, until: 'end' }))
    again.push(String(Buffer.from(payload)))
  expect(again).toEqual(['c', 'd', 'e', 'f'])
})

/** A log with a transaction of another application in it that is left open, and an append behind it. */
async function hangingTransaction() {
  const channel = `hanging-${randomBytes(4).toString('hex')}`
  const wal = await openWal(`kafka://${kafka.address}`, { channel })
  const { position } = await wal.append({ payload: Buffer.from('before') })
  const producer = await java.producer({ 'transactional.id': `application-${channel}` })
  await producer.begin()
  await producer.send(channel, { value: 'of the transaction' })
  await producer.flush()
  const behind = wal.append({ payload: Buffer.from('behind') })
  return { since: performance.now(), channel, wal, position, producer, behind }
}

test('a transaction that is left open: readers stop before it and appends wait, a warning names it, and all goes on at its end', async () => {
  const { since, channel, wal, position, producer, behind } = hanging
  // A transaction counts as left open after five seconds.
  await sleep(Math.max(0, since + 6_000 - performance.now()))
  const readOnly = await openWal(`kafka://${kafka.address}`, { channel, accessMode: 'ro' })
  onTestFinished(() => readOnly.close())
  const warning = expect.stringMatching(
    /^Another application’s transaction is open since record \d+, .* for \d+ s \(producer id \d+, epoch \d+\): readers stop before it/,
  )
  for (const each of [readOnly, wal])
    await expect.poll(() => each.guarantees.warnings, { timeout: 30_000 }).toContainEqual(warning)
  const texts: string[] = []
  for await (const { payload } of readOnly.read({ until: 'end' })) texts.push(String(Buffer.from(payload)))
  expect(texts).toEqual(['before'])
  const next = readOnly.read({ after: position }).next()
  expect(await Promise.race([next, behind, sleep(500, 'still waiting')])).toBe('still waiting')
  await producer.abort()
  await behind
  expect(String(Buffer.from((await next).value?.payload ?? []))).toBe('behind')
  await expect.poll(() => wal.guarantees.warnings, { timeout: 30_000 }).not.toContainEqual(warning)
  await wal.close()
})
