import { sleep } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { Cluster } from '../../src/client/cluster.js'
import type { ScriptedBroker } from './scripted-broker.js'
import type { ScriptedTopic } from './scripted-cluster.js'
import { CHANNEL, ScriptedLog, turns } from './scripted-log.js'

/** What a broker goes on telling of the topic when it hears of no change any more. */
function snapshot(log: ScriptedLog): ScriptedTopic {
  const topic = log.cluster.topic(CHANNEL)
  const { leaderEpoch } = topic.partition
  return { ...topic, partition: { leaderEpoch } as ScriptedTopic['partition'] }
}

function elect(log: ScriptedLog, leader: number): void {
  const topic = log.cluster.topic(CHANNEL)
  topic.leader = leader
  topic.partition.elect()
}

function clientOf(log: ScriptedLog, connectMs = 0): Cluster {
  const { runtime, cluster } = log
  return new Cluster({
    async connect(host, signal) {
      if (connectMs > 0) await sleep(runtime, connectMs)
      return cluster.connect(host, signal)
    },
    hosts: cluster.brokers.map(({ node }) => cluster.endpoint(node)),
    ...{ runtime, requestTimeoutMs: 1000 },
  })
}

test('an append finds the new leader though the broker that was asked goes on naming the old one', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const writer = await log.writerAtWork()
  log.broker.outdated.set(CHANNEL, snapshot(log))
  elect(log, 2)
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('1')
})

test('an append finds the new leader when the connection to the old one is lost', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const writer = await log.writerAtWork()
  for (const broker of log.cluster.brokers.slice(0, 2)) broker.outdated.set(CHANNEL, snapshot(log))
  elect(log, 3)
  log.broker.next('Produce', 'lose request')
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('1')
})

test('a leader that was replaced is not believed again when the present one refuses a batch', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const writer = await log.writerAtWork()
  log.broker.outdated.set(CHANNEL, snapshot(log))
  elect(log, 2)
  const batch = writer.batch(1)
  await writer.send(batch)
  await writer.send(batch)
  const [, second] = log.cluster.brokers
  const before = log.broker.count('Produce')
  second?.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  const another = writer.batch(1)
  expect(await writer.send(another)).toBe('not-written: WAL_UNAVAILABLE')
  expect(await writer.send(another)).toBe('2')
  expect(log.broker.count('Produce')).toBe(before)
})

test('a leader that was replaced is not believed when the brokers that know better do not answer', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const writer = await log.writerAtWork()
  log.broker.outdated.set(CHANNEL, snapshot(log))
  elect(log, 2)
  const batch = writer.batch(1)
  await writer.send(batch)
  await writer.send(batch)
  const [, second, third] = log.cluster.brokers
  for (const broker of [second, third]) broker?.always('Metadata', 'ignore')
  second?.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  const another = writer.batch(1)
  expect(await writer.send(another)).toBe('not-written: WAL_UNAVAILABLE')
  const outcome = writer.send(another)
  await log.pass(2_600)
  expect(await outcome).toBe('2')
})

test('a cluster that was set back as a whole is believed, though its leader epoch is lower', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const opener = await log.opener()
  log.cluster.make(CHANNEL)
  for (let i = 0; i < 3; i++) log.partition.elect()
  const reader = await opener.openReadOnly(CHANNEL)
  expect(await reader.last()).toBeUndefined()
  Object.assign(log.partition, { leaderEpoch: 1 })
  await reader.last().catch(() => {})
  expect(await reader.last()).toBeUndefined()
})

/** How a broker lags behind: it does not know the topic yet, or knows an older one of that name. */
const LAGS = [
  ['does not know the topic yet', () => undefined],
  ['still knows an older topic', (topic: ScriptedTopic) => ({ ...topic, id: 'e'.repeat(32) })],
] as const

test.each(LAGS)('a log stays open when one broker %s', async (_, lag) => {
  const log = new ScriptedLog({ brokers: 3 })
  const writer = await log.writerAtWork()
  log.broker.outdated.set(CHANNEL, lag(log.cluster.topic(CHANNEL)))
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('1')
})

test('a topic that one broker does not know yet can be opened', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const opener = await log.opener()
  log.cluster.make(CHANNEL)
  log.broker.outdated.set(CHANNEL, undefined)
  expect((await opener.openReadOnly(CHANNEL)).channel).toBe(CHANNEL)
})

test('whether a topic exists is not told by a minority of the brokers', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const opener = await log.opener()
  for (const broker of log.cluster.brokers.slice(1)) broker.always('Metadata', 'ignore')
  const opening = opener.openReadOnly(CHANNEL).catch((error: { code: string }) => error.code)
  await log.pass(3_000)
  expect(await opening).toBe('WAL_UNAVAILABLE')
})

test('a slow broker does not hold up the verdict of the others for the whole deadline', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const opener = await log.opener()
  log.cluster.brokers[2]?.always('Metadata', 'ignore')
  const opening = opener.openReadOnly(CHANNEL).catch((error: { code: string }) => error.code)
  await log.pass(2_600)
  expect(await opening).toBe('WAL_CHANNEL_NOT_FOUND')
})

test('a topic is remembered as long as a log of it is open, and a list is not remembered', async () => {
  const log = new ScriptedLog()
  const cluster = clientOf(log)
  await cluster.begin()
  log.cluster.make(CHANNEL)
  await cluster.allTopics()
  const topic = await cluster.freshTopic(CHANNEL)
  if (topic === undefined) throw new Error('the topic is there')
  expect(cluster.knownTopic(CHANNEL)).toBeUndefined()
  const releases = [cluster.hold(topic), cluster.hold(topic)]
  releases[0]?.()
  expect(cluster.knownTopic(CHANNEL)).toEqual(topic)
  releases[1]?.()
  expect(cluster.knownTopic(CHANNEL)).toBeUndefined()
})

test('a login and the request behind it have one deadline together', async () => {
  const log = new ScriptedLog()
  log.broker.always('Metadata', 'ignore')
  const beginning = clientOf(log, 600)
    .begin()
    .catch((error: Error) => error.message)
  await log.pass(601)
  expect(log.broker.count('Metadata')).toBe(1)
  await log.pass(410)
  expect(await beginning).toMatch(/^no answer within/)
  expect(log.timers).toBe(0)
})

test('brokers that are asked one after another have one deadline together', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  for (const broker of log.cluster.brokers) broker.always('Metadata', 'ignore')
  const beginning = clientOf(log)
    .begin()
    .catch((error: Error) => error.message)
  await log.pass(1001)
  expect(await beginning).toMatch(/^no answer within/)
  expect(log.cluster.brokers.map((broker) => broker.count('Metadata'))).toEqual([1, 1])
  expect(log.timers).toBe(0)
})

test('the next broker is asked within the deadline when the first one is silent', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  log.broker.always('Metadata', 'ignore')
  const cluster = clientOf(log)
  const beginning = cluster.begin()
  await log.pass(600)
  await beginning
  expect(cluster.nodes).toEqual([1, 2])
})

test('a look does not wait behind a request that the broker answers late, and four connections are enough', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writer = await log.writerAtWork({}, opener)
  log.cluster.make('another')
  let release = () => {}
  log.broker.next('DeleteTopics', new Promise<void>((resolve) => (release = resolve)))
  const deleting = opener.delete('another')
  await turns()
  expect(String((await writer.wal.last())?.id)).toContain('0')
  expect((await opener.openReadOnly(CHANNEL)).channel).toBe(CHANNEL)
  expect(log.broker.open.length).toBeLessThanOrEqual(4)
  release()
  await deleting
})

test('a broker is given less time for its work than the caller waits', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener({ requestTimeoutMs: 1000 })
  const writer = await log.writerAtWork({}, opener)
  await writer.append(1)
  const last = writer.wal.last()
  await log.pass(60)
  await writer.wal.truncate((await last)?.id as never)
  await opener.delete(CHANNEL)
  const told = (['CreateTopics', 'DeleteRecords', 'DeleteTopics'] as const).map((name) =>
    timeoutOf(log.broker, name),
  )
  expect(told).toEqual([800, 800, 800])
})

function timeoutOf(broker: ScriptedBroker, name: 'CreateTopics' | 'DeleteRecords' | 'DeleteTopics') {
  return broker.sent(name)[0]?.body.timeoutMs
}
