import { expect, test } from 'vitest'
import {
  CHANNEL,
  numbersOf,
  ScriptedLog,
  ScriptedWriter,
  TRANSACTIONAL_ID,
  turns,
  WRITER,
} from './scripted-log.js'

/** A log that other producers have written to, in the order of the list. */
function logOf(...producers: readonly (readonly [id: bigint, epoch: number])[]): ScriptedLog {
  const log = new ScriptedLog()
  log.cluster.make(CHANNEL)
  for (const [producerId, producerEpoch] of producers)
    log.partition.foreign(['theirs'], { producerId, producerEpoch, baseSequence: 0 })
  return log
}

const otherWriter = { term: 4, incarnation: 'theirs' }

test('the fence is taken with the first batch, and nothing is stored before', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer()
  expect(log.broker.count('InitProducerId')).toBe(0)
  expect(log.partition.end).toBe(0)
  expect(await writer.append(1)).toBe('0')
  const [init] = log.broker.sent('InitProducerId')
  // An expected epoch would give two openers the same epoch.
  expect(init?.body).toMatchObject({ transactionalId: TRANSACTIONAL_ID, expected: [-1, -1] })
  const [produce] = log.broker.sent('Produce')
  expect(produce?.body).toMatchObject({ transactionalId: null, acks: -1 })
})

test('a second batch waits until the first has taken the fence', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer()
  let release = () => {}
  log.broker.next('Produce', new Promise<void>((resolve) => (release = resolve)))
  const outcomes = [writer.append(1), writer.append(1)]
  await turns()
  expect(log.broker.count('Produce')).toBe(1)
  release()
  expect(await Promise.all(outcomes)).toEqual(['0', '1'])
})

test('the record is stored under every other id first, the latest first, at the last epoch, and last under the own one', async () => {
  const log = logOf([7n, 2], [9n, 0], [8n, 5])
  log.partition.foreign(['theirs'], { producerId: 9n, producerEpoch: 0, baseSequence: 1 })
  const writer = await log.writer()
  // The ids that are answered are those of the copy that is stored first: what follows it is void.
  expect(await writer.append(1)).toBe('4')
  expect(numbersOf(log.partition).slice(4)).toEqual(['9/32767/0', '8/32767/0', '7/32767/0', '1000/0/0'])
  for (const [producerId, producerEpoch] of [
    [7n, 2],
    [9n, 0],
    [8n, 5],
  ] as const)
    expect(log.partition.foreign(['late'], { producerId, producerEpoch, baseSequence: 1 }).errorCode).toBe(47)
  expect(await writer.append(1)).toBe('8')
})

test('an id that is in a transaction of another client, or used up already, is left alone', async () => {
  const log = logOf([7n, 32_767])
  log.partition.foreign(['x'], { producerId: 8n, producerEpoch: 0, baseSequence: 0, transactional: true })
  const writer = await log.writer()
  expect(await writer.append(1)).toBe('2')
  expect(numbersOf(log.partition).slice(2)).toEqual(['1000/0/0'])
})

test('a writer that is there under another id afterwards is noticed, and the outcome is unknown', async () => {
  const log = logOf()
  const writer = await log.writer()
  log.broker.next('DescribeProducers', 'usual')
  log.broker.next('DescribeProducers', () => {
    log.partition.foreign(['theirs'], { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
    return 'usual'
  })
  expect(await writer.append(1)).toBe('unknown: WAL_FENCED')
})

test('the leader that stored the record is asked again, not one that has lost the lead since it was asked first', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  const opener = await log.opener()
  const writer = await log.writer({}, opener)
  log.partition.foreign(['a time tick'], { producerId: 7n, producerEpoch: 2, baseSequence: 0 })
  let reader: Promise<unknown> | undefined
  log.broker.next('DescribeProducers', () => {
    log.broker.formerlyLed.set(CHANNEL, log.partition.remembered)
    log.cluster.topic(CHANNEL).leader = 2
    log.partition.elect()
    log.partition.foreign(['theirs'], { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
    // Another log of the opener asks who leads the topic now, before the record is sent.
    reader = opener.openReadOnly(CHANNEL)
    return 'usual'
  })
  const batch = writer.batch(1, 0)
  // The former leader does not know of the producer 9. The new one has stored the record behind the one of that producer.
  expect(await writer.send(batch)).toBe('unknown: WAL_FENCED')
  expect(await writer.send(batch)).toBe('2')
  expect(numbersOf(log.partition)).toEqual([
    ...['7/2/0', '9/0/0', '7/32767/0', '1000/0/0'],
    ...['9/32767/0', '1000/1/0'],
  ])
  await reader
})

test('an id that another opener has ended in the same moment is not taken for the own copy', async () => {
  const log = logOf([7n, 2])
  const writer = await log.writer()
  log.broker.next('Produce', () => {
    // Both openers found the id, and both records have the same numbers.
    log.partition.foreign(['the other opener’s'], { producerId: 7n, producerEpoch: 32_767, baseSequence: 0 })
    return 'usual'
  })
  expect(await writer.append(1)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['7/2/0', '7/32767/0', '1000/0/0'])
})

test('an id that another opener has ended with more records is passed over', async () => {
  const log = logOf([7n, 2])
  const writer = await log.writer()
  log.broker.next('Produce', () => {
    log.partition.foreign(['one', 'two'], { producerId: 7n, producerEpoch: 32_767, baseSequence: 0 })
    return 'usual'
  })
  expect(await writer.append(1)).toBe('3')
})

test('a newer writer’s first record ends the older one’s appends, as not written', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const old = await log.writerAtWork({}, opener)
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  // Opening alone disturbs nobody.
  expect(await old.append(1)).toBe('1')
  expect(await newer.append(1)).toBe('2')
  expect(await old.append(1)).toBe('not-written: WAL_FENCED')
  expect(log.partition.end).toBe(3)
})

test('a fence that fails before a record was sent has certainly stored nothing', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer()
  log.broker.always('InitProducerId', { error: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' })
  expect(await writer.append(1)).toBe('not-written: WAL_UNAVAILABLE')
  expect(log.broker.count('Produce')).toBe(0)
  log.broker.always('InitProducerId', 'usual')
  log.broker.next('DescribeProducers', { error: 'CLUSTER_AUTHORIZATION_FAILED' })
  expect(await writer.append(1)).toBe('not-written: WAL_UNAVAILABLE')
  expect(log.broker.count('Produce')).toBe(0)
})

test('a fence for whose first copy no connection can be made has certainly stored nothing', async () => {
  const log = logOf([7n, 2])
  const writer = await log.writer()
  log.broker.next('DescribeProducers', () => {
    // The connection for appends is not made yet, and none can be made from now on.
    log.broker.down = true
    return 'usual'
  })
  expect(await writer.append(1)).toBe('not-written: WAL_UNAVAILABLE')
  expect(log.partition.end).toBe(1)
})

test('once a copy was sent, a failure leaves the outcome unknown, whatever the error says', async () => {
  const log = logOf([7n, 2])
  const writer = await log.writer()
  log.broker.next('Produce', 'usual')
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['7/2/0', '7/32767/0', '1000/1/0'])
})

test('a coordinator that is not ready is asked again, until the time is up', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer({ requestTimeoutMs: 1000 })
  for (const error of ['COORDINATOR_LOAD_IN_PROGRESS', 'CONCURRENT_TRANSACTIONS'] as const)
    log.broker.next('InitProducerId', { error })
  log.broker.next('FindCoordinator', { error: 'COORDINATOR_NOT_AVAILABLE' })
  const first = writer.append(1)
  await log.pass(400)
  expect(await first).toBe('0')
  const other = await log.writer({ requestTimeoutMs: 1000 })
  log.broker.always('FindCoordinator', { error: 'COORDINATOR_NOT_AVAILABLE' })
  const second = other.append(1)
  await log.pass(2000)
  expect(await second).toBe('not-written: WAL_UNAVAILABLE')
})

test('an id whose epochs are used up is followed by another one, and ended by it', async () => {
  const log = new ScriptedLog()
  log.cluster.identities.set(TRANSACTIONAL_ID, { id: 50n, epoch: 32_765 })
  const opener = await log.opener()
  const old = await log.writerAtWork({}, opener)
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  expect(await newer.append(1)).toBe('1')
  expect(numbersOf(log.partition)).toEqual(['50/32766/0', '50/32767/0', '1000/0/0'])
  expect(await old.append(1)).toBe('not-written: WAL_FENCED')
})

test('an id that the coordinator has forgotten is ended too', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const old = await log.writerAtWork({}, opener)
  log.cluster.identities.clear()
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  await newer.append(1)
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/32767/0', '1001/0/0'])
  expect(await old.append(1)).toBe('not-written: WAL_FENCED')
  expect(WRITER.term).toBeLessThan(otherWriter.term)
})

test('the current writer’s id comes first, so that nothing of that writer is stored behind the first copy', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const old = await log.writerAtWork({}, opener)
  log.partition.foreign(['theirs'], { producerId: 7n, producerEpoch: 0, baseSequence: 0 })
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  const outcomes: string[] = []
  // The older writer appends while the first copy is on its way, and behind it.
  for (let i = 0; i < 2; i++)
    log.broker.next('Produce', () => {
      void old.append(1).then((outcome) => outcomes.push(outcome))
      return 'usual'
    })
  const [id] = (await newer.send(newer.batch(1, 0))).split(' ')
  await log.pass(100)
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '7/0/0', '1000/1/0', '7/32767/0'])
  expect(id).toBe('2')
  expect(outcomes[0]).toBe('not-written: WAL_FENCED')
})

test('the current writer’s id is ended though neither coordinator nor partition remembers it', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const old = await log.writerAtWork({}, opener)
  log.cluster.identities.clear()
  log.partition.producers.clear()
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  expect(await newer.send(newer.batch(1, 0))).toBe('1')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/32767/0', '1001/0/0'])
  expect(await old.append(1)).toBe('not-written: WAL_FENCED')
})

test('a time tick that was stored under an ended id tells its writer by the copy behind', async () => {
  const log = logOf([7n, 2])
  const opener = await log.opener()
  const first = await log.writer({}, opener)
  expect(await first.append(1)).toBe('1')
  log.partition.foreign(['theirs'], { producerId: 9n, producerEpoch: 0, baseSequence: 0 })
  const newer = new ScriptedWriter(await opener.open(CHANNEL, otherWriter))
  expect(await newer.send(newer.batch(1, 1))).toBe('4')
  expect(numbersOf(log.partition).slice(1)).toEqual([
    ...['7/32767/0', '1000/0/0', '9/0/0'],
    ...['1000/1/0', '9/32767/0'],
  ])
})

test('where the broker does not tell its producers, those that stored something since the last time tick are ended', async () => {
  const log = logOf([7n, 2], [9n, 0])
  log.partition.foreign(['x'], { producerId: 8n, producerEpoch: 0, baseSequence: 0, transactional: true })
  log.broker.always('DescribeProducers', { error: 'TOPIC_AUTHORIZATION_FAILED' })
  const writer = await log.writer()
  expect(await writer.append(1)).toBe('3')
  expect(numbersOf(log.partition).slice(3)).toEqual(['9/32767/0', '7/32767/0', '1000/0/0'])
  expect(await writer.append(1)).toBe('6')
})
