import { expect, test } from 'vitest'
import { numbersOf, ScriptedLog, turns } from './scripted-log.js'

/** Hands in batches so that each travels in a request of its own. */
async function sendAll<T>(sends: readonly (() => Promise<T>)[]): Promise<T[]> {
  const outcomes: Promise<T>[] = []
  for (const send of sends) {
    outcomes.push(send())
    await null
    await null
  }
  return Promise.all(outcomes)
}

test('batches are numbered without a gap, and several are in flight at once', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcomes = sendAll([2, 3, 1].map((count) => () => writer.append(count)))
  for (let i = 0; i < 12; i++) await null
  expect(log.broker.count('Produce')).toBe(4)
  expect(await outcomes).toEqual(['1 2', '3 4 5', '6'])
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/3', '1000/0/6'])
  expect(log.broker.count('InitProducerId')).toBe(1)
})

test('a batch that is refused forever leaves its numbers to the next one', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const [one, two, three] = [writer.batch(2), writer.batch(2), writer.batch(2)]
  log.broker.next('Produce', { error: 'MESSAGE_TOO_LARGE' })
  expect(await sendAll([one, two, three].map((batch) => () => writer.send(batch)))).toEqual([
    'not-written: WAL_MESSAGE_TOO_LARGE',
    'not-written: WAL_UNAVAILABLE',
    'not-written: WAL_UNAVAILABLE',
  ])
  expect(log.partition.end).toBe(1)
  // The adaptor drops the first batch, and sends the others again.
  expect(await sendAll([two, three].map((batch) => () => writer.send(batch)))).toEqual(['1 2', '3 4'])
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/3'])
  expect(log.broker.count('InitProducerId')).toBe(1)
})

test('batches behind a failed one are not written, and nobody looks for them in the log', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const fetches = log.broker.count('Fetch')
  const batches = [1, 1, 1].map((count) => writer.batch(count))
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  expect(await sendAll(batches.map((batch) => () => writer.send(batch)))).toEqual(
    Array(3).fill('not-written: WAL_UNAVAILABLE'),
  )
  expect(log.broker.count('Fetch')).toBe(fetches)
  expect(await sendAll(batches.map((batch) => () => writer.send(batch)))).toEqual(['1', '2', '3'])
  expect(log.broker.count('InitProducerId')).toBe(1)
})

test('a batch whose reply was lost is sent again under the same numbers, and has the offsets of the first time', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(2)
  log.broker.next('Produce', 'lose reply')
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  expect(log.partition.end).toBe(3)
  expect(await writer.send(batch)).toBe('1 2')
  expect(log.partition.end).toBe(3)
  expect(await writer.append(1)).toBe('3')
})

test('a batch whose request was lost is unknown too, and is stored when it is sent again', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(2)
  log.broker.next('Produce', 'lose request')
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  expect(log.partition.end).toBe(1)
  expect(await writer.send(batch)).toBe('1 2')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1'])
})

test.each(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'] as const)(
  'a batch that the broker stored and answered with %s is unknown, and is not stored again',
  async (error) => {
    const log = new ScriptedLog()
    const writer = await log.writerAtWork()
    const batches = [writer.batch(1), writer.batch(1)]
    log.broker.next('Produce', { error, applied: true })
    // The success of the second proves the first, whose outcome is told already.
    expect(await sendAll(batches.map((batch) => () => writer.send(batch)))).toEqual([
      'unknown: WAL_UNAVAILABLE',
      'unknown: WAL_UNAVAILABLE',
    ])
    expect(await sendAll(batches.map((batch) => () => writer.send(batch)))).toEqual(['1', '2'])
    expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/2'])
  },
)

test('when both answers come at once, the later success does not move the numbers past the failed batch', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batches = [writer.batch(1), writer.batch(1)]
  const [socket] = log.broker.open.filter(
    ({ ordinal }) => ordinal === log.broker.sent('Produce').at(-1)?.connection,
  )
  const held: Buffer[] = []
  const receive = socket?.receive.bind(socket)
  if (socket !== undefined) socket.receive = (bytes) => void held.push(bytes)
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', applied: true })
  const outcomes = sendAll(batches.map((batch) => () => writer.send(batch)))
  await turns()
  expect(held).toHaveLength(2)
  if (socket !== undefined && receive !== undefined) socket.receive = receive
  receive?.(Buffer.concat(held))
  expect(await outcomes).toEqual(Array(2).fill('unknown: WAL_UNAVAILABLE'))
  expect(await sendAll(batches.map((batch) => () => writer.send(batch)))).toEqual(['1', '2'])
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/2'])
})

test('another batch under the numbers of one that may be stored gets a new epoch', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.next('Produce', 'lose reply')
  expect(await writer.append(1)).toBe('unknown: WAL_UNAVAILABLE')
  // The adaptor has dropped that batch. Under its numbers the broker would acknowledge the next one unstored.
  expect(await writer.append(1)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/1/0'])
  expect(await writer.append(1)).toBe('3')
})

test('a refusal does not free the numbers of a batch of which an earlier attempt may be stored', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  log.broker.next('Produce', { error: 'MESSAGE_TOO_LARGE' })
  expect(await writer.send(batch)).toBe('unknown: WAL_MESSAGE_TOO_LARGE')
  expect(await writer.append(1)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/1/0'])
})

test('a refusal does not free the numbers of a batch that was stored behind one that failed', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const [one, two] = [writer.batch(1), writer.batch(1)]
  log.broker.next('Produce', { error: 'REQUEST_TIMED_OUT', applied: true })
  await sendAll([one, two].map((batch) => () => writer.send(batch)))
  log.broker.next('Produce', 'usual')
  log.broker.next('Produce', { error: 'MESSAGE_TOO_LARGE' })
  expect(await sendAll([one, two].map((batch) => () => writer.send(batch)))).toEqual([
    '1',
    'unknown: WAL_MESSAGE_TOO_LARGE',
  ])
  expect(await writer.append(1)).toBe('3')
})

test('batches that wait for a new epoch ask for one, not each for its own', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.next('Produce', 'lose reply')
  await writer.append(1)
  expect(await sendAll([1, 1, 1].map((count) => () => writer.append(count)))).toEqual(['2', '3', '4'])
  expect(numbersOf(log.partition).slice(2)).toEqual(['1000/1/0', '1000/1/1', '1000/1/2'])
  expect(log.broker.count('InitProducerId')).toBe(2)
})

test('a batch that needs a new epoch waits for one before it that gets one too', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const [one, two, three] = [writer.batch(1), writer.batch(1), writer.batch(1)]
  log.broker.next('Produce', { error: 'MESSAGE_TOO_LARGE' })
  log.broker.next('Produce', { error: 'REQUEST_TIMED_OUT' })
  await sendAll([one, two].map((batch) => () => writer.send(batch)))
  // The adaptor drops the first batch. The second gets its number; the third one’s may be taken by an attempt of the second.
  log.broker.next('Produce', { error: 'UNKNOWN_PRODUCER_ID' })
  expect(await sendAll([two, three].map((batch) => () => writer.send(batch)))).toEqual(['1', '2'])
})

test('a batch that is handed in when the first one has the fence does not overtake those that waited for it', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer()
  const waited = [writer.append(1), writer.append(1), writer.append(1)]
  expect(await waited[0]).toBe('0')
  expect(await Promise.all([...waited, writer.append(1)])).toEqual(['0', '1', '2', '3'])
})

test('a batch whose topic has another leader finds it at the next attempt', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  const writer = await log.writerAtWork()
  log.cluster.topic('orders').leader = 2
  log.partition.elect()
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('1')
  expect(log.cluster.brokers[1]?.count('Produce')).toBe(1)
})

test('a record at an offset that the log had already means that the log lost its end', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  expect(await writer.append(3)).toBe('1 2 3')
  log.partition.setBack(1)
  log.partition.producers.clear()
  expect(await writer.append(1)).toBe('unknown: WAL_LOG_ROLLED_BACK')
})

test('a batch for which no connection can be made was certainly not sent', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.hangUp()
  log.broker.down = true
  const batches = [writer.batch(1), writer.batch(1)]
  // The first one finds no connection to the leader it knows, and later ones find no broker that tells the leader.
  for (let i = 0; i < 2; i++)
    expect(await Promise.all(batches.map((batch) => writer.send(batch)))).toEqual(
      Array(2).fill('not-written: WAL_UNAVAILABLE'),
    )
  log.broker.down = false
  expect(await Promise.all(batches.map((batch) => writer.send(batch)))).toEqual(['1', '2'])
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/0/2'])
})

test('a batch that was sent before, and for which no connection can be made now, is still unknown', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  log.broker.next('Produce', 'lose reply')
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  log.broker.down = true
  expect(await writer.send(batch)).toBe('unknown: WAL_UNAVAILABLE')
  // The numbers are not free: another batch under them would be acknowledged unstored.
  log.broker.down = false
  expect(await writer.append(1)).toBe('2')
  expect(numbersOf(log.partition)).toEqual(['1000/0/0', '1000/0/1', '1000/1/0'])
})

test('a batch that needs a new epoch and gets none was certainly not sent', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.broker.next('Produce', 'lose reply')
  await writer.append(1)
  log.broker.next('InitProducerId', { error: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' })
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  expect(await writer.send(batch)).toBe('2')
})

test('a batch that is acknowledged while another one gets a new epoch moves the numbers of its own', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const [one, two, dropped] = [writer.batch(1), writer.batch(1), writer.batch(1)]
  log.broker.next('Produce', { error: 'REQUEST_TIMED_OUT', applied: true })
  log.broker.next('Produce', 'usual')
  log.broker.next('Produce', { error: 'REQUEST_TIMED_OUT' })
  await sendAll([one, two, dropped].map((batch) => () => writer.send(batch)))
  // The adaptor drops the third batch. The next one can't have its number, and gets an epoch of another id.
  log.cluster.identities.clear()
  const [three, four] = [writer.batch(1), writer.batch(1)]
  let release = () => {}
  log.broker.next('Produce', { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  log.broker.next('Fetch', new Promise<void>((resolve) => (release = resolve)))
  log.broker.next('Produce', 'usual')
  log.broker.next('Produce', () => {
    // The look for the first batch ends only now.
    release()
    return { error: 'NOT_ENOUGH_REPLICAS' }
  })
  expect(await sendAll([one, two, three].map((batch) => () => writer.send(batch)))).toEqual([
    '1',
    '2',
    'not-written: WAL_UNAVAILABLE',
  ])
  // The partition has nothing of the new id: it would store the fourth batch without the third.
  log.broker.next('Produce', { error: 'NOT_ENOUGH_REPLICAS' })
  expect(await sendAll([three, four].map((batch) => () => writer.send(batch)))).toEqual([
    'not-written: WAL_UNAVAILABLE',
    'not-written: WAL_UNAVAILABLE',
  ])
  const { end } = log.partition
  expect(await sendAll([three, four].map((batch) => () => writer.send(batch)))).toEqual([
    `${end}`,
    `${end + 1}`,
  ])
  expect(numbersOf(log.partition).slice(-2)).toEqual(['1001/0/0', '1001/0/1'])
})

test('a topic that was deleted and made again gets no record of the old log’s writer', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.cluster.topics.delete('orders')
  const batch = writer.batch(1)
  expect(await writer.send(batch)).toBe('not-written: WAL_UNAVAILABLE')
  const other = log.cluster.make('orders')
  expect(await writer.send(batch)).toBe('not-written: WAL_CHANNEL_NOT_FOUND')
  expect(other.partition.end).toBe(0)
})
