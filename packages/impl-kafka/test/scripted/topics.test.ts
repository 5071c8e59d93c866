import { expect, test } from 'vitest'
import { ScriptedLog, ScriptedWriter, turns, WRITER } from './scripted-log.js'

test('a log is made with the settings that keep it, and those of the options', async () => {
  const log = new ScriptedLog()
  await log.writer({
    replicationFactor: 3,
    minInSyncReplicas: 2,
    segmentBytes: 1 << 20,
    maxMessageBytes: 1 << 21,
  })
  const [request] = log.broker.sent('CreateTopics')
  const [topic] = request?.body.topics ?? []
  expect(topic).toMatchObject({ name: 'orders', partitions: 1, replicas: 3 })
  expect(Object.fromEntries(topic?.settings ?? [])).toEqual({
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'message.timestamp.type': 'LogAppendTime',
    'unclean.leader.election.enable': 'false',
    'max.message.bytes': String(1 << 21),
    'min.insync.replicas': '2',
    'segment.bytes': String(1 << 20),
  })
})

test('what is not asked for stays the broker’s choice', async () => {
  const log = new ScriptedLog()
  await log.writer()
  const [topic] = log.broker.sent('CreateTopics')[0]?.body.topics ?? []
  expect(topic?.replicas).toBe(-1)
  expect([...(topic?.settings.keys() ?? [])]).not.toContain('min.insync.replicas')
})

test('reading never makes a topic', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  await expect(opener.openReadOnly('orders')).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  expect(log.broker.count('CreateTopics')).toBe(0)
  expect(log.broker.sent('Metadata').every(({ body }) => !body.creates)).toBe(true)
})

test('two openers that make one topic at once both open it', async () => {
  const log = new ScriptedLog()
  const openers = [await log.opener(), await log.opener()]
  const wals = await Promise.all(openers.map((opener) => opener.open('orders', WRITER)))
  expect(wals.map(({ channel }) => channel)).toEqual(['orders', 'orders'])
  expect(log.broker.count('CreateTopics')).toBe(2)
})

test('a topic whose batches must be tiny can be read, and is no log to write to', async () => {
  const log = new ScriptedLog()
  for (const [name, bytes] of [
    ['tiny', '100'],
    ['small', '4096'],
  ] as const)
    log.cluster.make(name, new Map([['max.message.bytes', bytes]]))
  const opener = await log.opener()
  await expect(opener.open('tiny', WRITER)).rejects.toMatchObject({
    code: 'WAL_INVALID_ARGUMENT',
    message: expect.stringMatching(/max\.message\.bytes 100\b/),
  })
  for (const { limits } of [await opener.openReadOnly('tiny'), await opener.open('small', WRITER)])
    expect(Math.min(limits.maxRecordBytes, limits.maxBatchBytes, limits.maxBatchMessages)).toBeGreaterThan(0)
})

test('a topic of several partitions, and one that is compacted, are no logs', async () => {
  const log = new ScriptedLog()
  log.cluster.make('several', new Map(), 3)
  log.cluster.make('compacted', new Map([['cleanup.policy', 'compact,delete']]))
  const opener = await log.opener()
  for (const [channel, text] of [
    ['several', /3 partitions/],
    ['compacted', /compacted/],
  ] as const) {
    const refused = { code: 'WAL_INVALID_ARGUMENT', message: expect.stringMatching(text) }
    await expect(opener.open(channel, WRITER)).rejects.toMatchObject(refused)
    await expect(opener.openReadOnly(channel)).rejects.toMatchObject(refused)
  }
})

test('a new topic is open when its leader knows that it leads it', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  for (const error of ['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_OR_FOLLOWER'] as const)
    log.broker.next('ListOffsets', { error })
  const opening = opener.open('orders', WRITER)
  await log.pass(200)
  await opening
  expect(log.broker.count('ListOffsets')).toBe(3)
})

test('delete resolves when every broker has forgotten the topic', async () => {
  const log = new ScriptedLog({ brokers: 3 })
  const opener = await log.opener()
  const topic = log.cluster.make('orders')
  const [, , third] = log.cluster.brokers
  third?.undead.set('orders', topic)
  let deleted = false
  const deleting = opener.delete('orders').then(() => {
    deleted = true
  })
  await log.pass(500)
  expect(log.cluster.topics.has('orders')).toBe(false)
  expect(deleted).toBe(false)
  third?.undead.clear()
  await log.pass(100)
  await deleting
})

test('delete of a topic that some broker keeps is told after a while', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  const opener = await log.opener({ requestTimeoutMs: 1000 })
  log.cluster.brokers[1]?.undead.set('orders', log.cluster.make('orders'))
  const deleting = opener.delete('orders').catch((error: Error) => error.message)
  await log.pass(1500)
  expect(await deleting).toContain('some broker still has it after 1000 ms')
})

test('delete of a topic that is not there is told, and so is an opened log’s deletion', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  await expect(opener.delete('orders')).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  const writer = await log.writerAtWork({}, opener)
  const reader = await opener.openReadOnly('orders')
  await opener.delete('orders')
  await expect(reader.last()).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  expect(await writer.append(1)).toBe('not-written: WAL_CHANNEL_NOT_FOUND')
})

test('the controller is asked for again when another broker has taken over', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  log.cluster.make('orders')
  log.broker.next('DeleteTopics', { error: 'NOT_CONTROLLER' })
  await opener.delete('orders')
  expect(log.broker.count('DeleteTopics')).toBe(2)
})

test('list passes over topics that are no logs', async () => {
  const log = new ScriptedLog()
  log.cluster.make('orders')
  log.cluster.make('several', new Map(), 2)
  log.cluster.make('__consumer_offsets').internal = true
  log.cluster.make('no+channel')
  log.cluster.make('.hidden')
  expect(await (await log.opener()).list()).toEqual(['orders'])
})

test('truncate frees records below the place, and never the last one', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const wal = await opener.open('orders', WRITER)
  const writer = new ScriptedWriter(wal)
  for (let i = 0; i < 3; i++) await writer.append(1)
  const id = async () => {
    const last = wal.last()
    await log.pass(60)
    return (await last)?.id as never
  }
  log.partition.foreign(['kept'])
  const last = await id()
  const truncating = wal.truncate(last)
  await log.pass(60)
  await truncating
  expect(log.partition.logStart).toBe(3)
  log.partition.foreign(['open'], { producerId: 7n, producerEpoch: 0, baseSequence: 0, transactional: true })
  await turns()
  expect(log.broker.sent('DeleteRecords').map(({ body }) => body.topics)).toEqual([
    [{ name: 'orders', offset: 3 }],
  ])
})
