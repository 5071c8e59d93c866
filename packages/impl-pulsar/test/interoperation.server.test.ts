import { randomBytes } from 'node:crypto'
import { sharedServer } from '@wal/brokers'
import { openWal } from '@wal/core'
import {
  encodeInt64,
  encodeUint64,
  MESSAGE_TYPE,
  type ReadOnlyWALImpls,
  type StoredMessage,
} from '@wal/walimpls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { pulsarBuilder } from '../src/builder.js'
import type { PulsarId } from '../src/records/message-id.js'
import { messageIds } from '../src/records/message-ids.js'
import { withDriver } from './driver-under-test.js'
import { JavaClient, type JavaMessage, type ProducerSettings } from './java/java-client.js'
import { buildOpener, readAll } from './scene.js'

let hosts: readonly string[]
let java: JavaClient
beforeAll(async () => {
  const url = await sharedServer('pulsar')
  hosts = [new URL(url).host]
  java = await JavaClient.start(url)
})
afterAll(async () => {
  await java?.[Symbol.asyncDispose]()
})

const MESSAGES = 100

const channelOf = (name: string) => `${name}-${randomBytes(4).toString('hex')}`
const topicOf = (channel: string) => `persistent://public/default/${channel}`

/** Every tenth message has much text that compresses, every seventh has no payload. */
function message(i: number): JavaMessage {
  const text = i % 10 === 0 ? `order ${i} `.repeat(400) : `order ${i}`
  return { payload: i % 7 === 0 ? '' : text, properties: { n: `${i}`, empty: '', créé: '日本' } }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

async function reader(channel: string): Promise<ReadOnlyWALImpls<PulsarId>> {
  const opener = await buildOpener({ hosts })
  onTestFinished(() => opener.close())
  return opener.openReadOnly(channel)
}

/** Properties have no order for Java's client. */
const shown = ({ payload, properties }: Pick<StoredMessage, 'payload' | 'properties'>) => ({
  payload: Buffer.from(payload).toString(),
  properties: Object.fromEntries(pairs([...properties])),
})

const pairs = (list: readonly string[]): [string, string][] =>
  list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1] as string] as [string, string]] : []))

describe.each<[string, ProducerSettings]>([
  ['one by one', { batchingEnabled: false }],
  ['in batches', { batchingMaxPublishDelayMicros: 20_000 }],
  ...['LZ4', 'ZSTD', 'ZLIB', 'SNAPPY'].flatMap((compressionType): [string, ProducerSettings][] => [
    [`one by one, with ${compressionType}`, { batchingEnabled: false, compressionType }],
    [`in batches, with ${compressionType}`, { batchingMaxPublishDelayMicros: 20_000, compressionType }],
  ]),
])('messages that Java’s producer stores %s', (_, settings) => {
  test('are read, each one and in their order, and their ids come back as the same text', async () => {
    const channel = channelOf('orders')
    const producer = await java.producer(topicOf(channel), settings)
    const messages = numbers(MESSAGES).map(message)
    const ids = await producer.store(...messages)
    const log = await reader(channel)
    const stored = await readAll(log)
    expect(stored.map(shown)).toEqual(
      messages.map(({ payload, properties }) => ({ payload: String(payload), properties })),
    )
    expect(ids.map((text) => messageIds.serialise(messageIds.parse(text)))).toEqual(ids)
    expect(stored.map(({ id }, i) => messageIds.compare(id, messageIds.parse(ids[i] ?? '')))).toEqual(
      ids.map(() => 0),
    )
    expect((await readAll(log, 1)).map(shown)).toEqual(stored.map(shown))
    expect((await log.last())?.id).toEqual(stored.at(-1)?.id)
    const third = stored[2] as StoredMessage<PulsarId>
    const scanner = log.read({ start: { from: messageIds.parse(ids[2] ?? '') }, maxBytes: 1 << 20 })
    expect(shown((await scanner.next())?.[0] ?? expect.unreachable())).toEqual(shown(third))
    await scanner.close()
  })
})

test('a chunked message is refused by name, with its place', async () => {
  const channel = channelOf('chunked')
  const producer = await java.producer(topicOf(channel), {
    ...{ batchingEnabled: false, chunkingEnabled: true, chunkMaxMessageSize: 1_000 },
  })
  await producer.store({ payload: 'x'.repeat(5_000) })
  const error = await readAll(await reader(channel)).catch((reason: Error) => reason)
  expect(error).toMatchObject({ name: 'WalError' })
  expect((error as Error).message).toMatch(/chunk/)
  expect((error as Error).message).toMatch(/\d+:0/)
})

test('a message of another application, without our properties, is WAL_CORRUPT for wal.read, which names its place', async () => {
  const channel = channelOf('foreign')
  const producer = await java.producer(topicOf(channel), {})
  const ids = await producer.store(...numbers(3).map(message))
  const wal = await openWal('pulsar:', { ...open(channel), accessMode: 'ro' })
  onTestFinished(() => wal.close())
  const error = await wal
    .read()
    .next()
    .catch((reason: Error & { code: string }) => reason)
  expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
  const { ledger, entry } = messageIds.parse(ids.at(-1) ?? '')
  // The read begins with a look at the log's last record.
  expect((error as Error).message).toContain(`pulsar channel "${channel}"`)
  expect((error as Error).message).toContain('the format version _v is missing')
  expect((error as Error).message).toMatch(
    new RegExp(messageIds.serialise(messageIds.of({ ledger, entry }, 2))),
  )
})

const open = (channel: string) => ({
  builder: pulsarBuilder,
  backend: { ...withDriver({ hosts }) },
  channel,
})

test('Java’s reader reads ours: payloads, properties, and ids that mean the same', async () => {
  const channel = channelOf('ours')
  const wal = await openWal('pulsar:', open(channel))
  const payloads = numbers(MESSAGES).map((i) => randomBytes(i % 50 === 0 ? 100_000 : i))
  await Promise.all(
    payloads.map((payload, i) =>
      wal.append({
        ...{ vchannel: 'eu', payload },
        properties: new Map([
          ['z', `${i}`],
          ['a', ''],
          ['créé', '日本'],
        ]),
      }),
    ),
  )
  await wal.close()
  const theirs = await java.read(topicOf(channel))
  const ours = await readAll(await reader(channel))
  expect(theirs.map(({ payload, properties }) => [payload.toString('base64'), properties])).toEqual(
    ours.map(({ payload, properties }) => [
      Buffer.from(payload).toString('base64'),
      Object.fromEntries(pairs([...properties])),
    ]),
  )
  expect(
    theirs.map(({ id }, i) => messageIds.compare(messageIds.parse(id), ours[i]?.id as PulsarId)),
  ).toEqual(theirs.map(() => 0))
  const mine = theirs.filter(({ properties }) => 'z' in properties)
  expect(mine.map(({ payload }) => payload)).toEqual(payloads)
})

interface MilvusParts {
  readonly timeTick: number
  readonly text?: string
  readonly tick?: boolean
  /** The id of the message from which on everything above this one's time tick is stored. */
  readonly lastConfirmed: string
}

/** A message as Milvus stores it. */
const milvusMessage = ({ timeTick, text = '', tick = false, lastConfirmed }: MilvusParts): JavaMessage => ({
  payload: text,
  properties: {
    _v: '2',
    _t: String(tick ? MESSAGE_TYPE.TimeTick : 2),
    _wt: encodeInt64(1n),
    _tt: encodeUint64(BigInt(timeTick)),
    _vc: 'v',
    _lc: lastConfirmed,
  },
})

test('a log as Milvus writes it, by zstd and without our mark, comes in the order of its time ticks', async () => {
  const channel = channelOf('milvus')
  const producer = await java.producer(topicOf(channel), { compressionType: 'ZSTD' })
  const store = (...parts: readonly MilvusParts[]) => producer.store(...parts.map(milvusMessage))
  const nothing = messageIds.serialise(messageIds.of({ ledger: 0, entry: 0 }, 0))
  const [first = ''] = await store({ timeTick: 1, tick: true, lastConfirmed: nothing })
  const ids = await store(
    { timeTick: 30, text: 'd', lastConfirmed: first },
    { timeTick: 10, text: 'a', lastConfirmed: first },
    { timeTick: 10, text: 'b', lastConfirmed: first },
    { timeTick: 25, text: 'c', lastConfirmed: first },
  )
  await store({ timeTick: 30, tick: true, lastConfirmed: ids[0] ?? '' })
  const [sixth = ''] = await store({ timeTick: 50, text: 'f', lastConfirmed: ids[3] ?? '' })
  const wal = await openWal('pulsar:', { ...open(channel), accessMode: 'ro' })
  onTestFinished(() => wal.close())
  const texts: string[] = []
  const positions: string[] = []
  for await (const { payload, position } of wal.read()) {
    texts.push(Buffer.from(payload).toString())
    positions.push(position)
    // The order of the last record is known only when a later time tick is stored.
    if (texts.length === 4)
      await store(
        { timeTick: 40, text: 'e', lastConfirmed: sixth },
        { timeTick: 60, tick: true, lastConfirmed: sixth },
      )
    if (texts.length === 6) break
  }
  expect(texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  const again: string[] = []
  for await (const { payload } of wal.read({ after: positions[1] as string, until: 'end' }))
    again.push(Buffer.from(payload).toString())
  expect(again).toEqual(['c', 'd', 'e', 'f'])
})
