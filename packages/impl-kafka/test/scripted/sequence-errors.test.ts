import { expect, test } from 'vitest'
import { numbersOf, ScriptedLog, turns } from './scripted-log.js'

const SEQUENCE_ERRORS = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'DUPLICATE_SEQUENCE_NUMBER',
] as const

test.each(SEQUENCE_ERRORS)(
  'after %s a batch that the log has is answered with its offsets',
  async (error) => {
    const log = new ScriptedLog()
    const writer = await log.writerAtWork()
    const batch = writer.batch(2)
    log.broker.next('Produce', 'lose reply')
    await writer.send(batch)
    log.broker.next('Produce', { error })
    expect(await writer.send(batch)).toBe('1 2')
    expect(log.partition.end).toBe(3)
    expect(log.broker.count('InitProducerId')).toBe(1)
    expect(await writer.append(1)).toBe('3')
    expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/3'])
  },
)

test.each(SEQUENCE_ERRORS)(
  'after %s a batch that the log lacks is stored under a new epoch',
  async (error) => {
    const log = new ScriptedLog()
    const writer = await log.writerAtWork()
    log.broker.next('Produce', { error })
    expect(await writer.append(2)).toBe('1 2')
    expect(await writer.append(1)).toBe('3')
    expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/1/0', '1000/1/2'])
  },
)

test('a batch is found behind those of a large page and of other clients', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const large = 'x'.repeat(600_000)
  for (let i = 0; i < 4; i++) log.partition.foreign([large])
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  await writer.send(batch)
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.send(batch)).toBe('5')
})

test('a batch is found behind a transaction that another client has left open', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.partition.foreign(['x'], { producerId: 8n, producerEpoch: 0, baseSequence: 0, transactional: true })
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  await writer.send(batch)
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.send(batch)).toBe('2')
})

test.each([
  ['is gone', 1],
  ['is another client’s now', 2],
])('when the last acknowledged record %s, the log lost its end', async (_, stored) => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  await writer.append(1)
  log.partition.setBack(1)
  if (stored > 1) log.partition.foreign(['theirs', 'theirs', 'theirs'])
  const { end } = log.partition
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.append(1)).toBe('unknown: WAL_LOG_ROLLED_BACK')
  expect(log.partition.end).toBe(end)
})

test('the last acknowledged record may be of an id that the coordinator has replaced since', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.cluster.identities.clear()
  const batch = writer.batch(1)
  log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
  expect(await writer.send(batch)).toBe('1')
})

test('the look ends where the log ended when it began, though another client appends all the time', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.always('Fetch', () => {
    log.partition.foreign(['x'])
    return 'usual'
  })
  const outcome = writer.append(1)
  await turns()
  expect(log.broker.count('Fetch')).toBeLessThanOrEqual(2)
  log.broker.always('Fetch', 'usual')
  expect(await outcome).toMatch(/^\d$/)
})

test('when others removed the last acknowledged record, the look goes on behind what they removed', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  await writer.send(batch)
  log.partition.logStart = 1
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.send(batch)).toBe('1')
})

test('when others removed all records, the batch is stored again under a new epoch', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  await writer.send(batch)
  log.partition.logStart = 2
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.send(batch)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/1/0'])
})

test('records that others remove during the look are passed over', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  await writer.send(batch)
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.next('Fetch', () => {
    log.partition.logStart = 1
    return 'usual'
  })
  expect(await writer.send(batch)).toBe('1')
})

test('a leader that does not know yet where the log ends has not lost its end', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.always('ListOffsets', { error: 'OFFSET_NOT_AVAILABLE' })
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  log.broker.always('ListOffsets', 'usual')
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(await writer.send(batch)).toBe('1')
})

test('when the look in the log fails, the outcome is unknown', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.next('Fetch', 'lose reply')
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('1')
})

test('a batch that is handed in while another one gets a new epoch is not stored before those that failed behind it', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batches = [1, 1, 1].map((count) => writer.batch(count))
  const [one, two, three] = batches.map((batch) => batch)
  let release = () => {}
  log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.next('Produce', new Promise<void>((resolve) => (release = resolve)))
  const outcomes = [one, two].map((batch) => writer.send(batch as never))
  // Both have failed at the broker, and the first is on its way again under the new epoch.
  await turns()
  expect(log.broker.count('Produce')).toBe(4)
  outcomes.push(writer.send(three as never))
  await turns()
  release()
  expect(await Promise.all(outcomes)).toEqual([
    '1',
    'not-written: WAL_UNAVAILABLE',
    'not-written: WAL_UNAVAILABLE',
  ])
  expect(log.partition.end).toBe(2)
  const again = [two, three].map((batch) => writer.send(batch as never))
  expect(await Promise.all(again)).toEqual(['2', '3'])
})

test('nothing is sent behind the first batch of an epoch until that batch is stored', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.cluster.identities.clear()
  const [one, two] = [writer.batch(1), writer.batch(1)]
  log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  expect(await writer.send(one)).toBe('not-written: WAL_UNAVAILABLE')
  // A partition stores a batch of an id that it does not know under any number. So the second would be stored without the first.
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  const outcomes = [writer.send(one), writer.send(two)]
  expect(await Promise.all(outcomes)).toEqual([
    'not-written: WAL_UNAVAILABLE',
    'not-written: WAL_UNAVAILABLE',
  ])
  expect(log.partition.end).toBe(1)
  expect(await Promise.all([writer.send(one), writer.send(two)])).toEqual(['1', '2'])
})

test('a batch that the log lacks has the outcome with which the broker refuses it under the new epoch', async () => {
  for (const [error, outcome] of [
    ['NOT_ENOUGH_REPLICAS', 'not-written: WAL_UNAVAILABLE'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unknown: WAL_UNAVAILABLE'],
  ] as const) {
    const log = new ScriptedLog()
    const writer = await log.writerAtWork()
    const batch = writer.batch(1)
    log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
    log.broker.next('Produce', { error })
    expect(await writer.send(batch)).toBe(outcome)
    expect(await writer.send(batch)).toBe('1')
    expect(await writer.append(1)).toBe('2')
  }
})
