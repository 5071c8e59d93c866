import { expect, test } from 'vitest'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import { ScriptedWriters } from './scripted-writer.js'

test('the first batch takes the fence, and entries are numbered without a gap', async () => {
  const log = new ScriptedWriters()
  const writer = log.writer('mine')
  expect(log.driver.link.count('producer')).toBe(0)
  expect(await log.runtime.run(writer.append(2))).toBe('10:0:0 10:0:1')
  expect(await writer.sendAll([writer.batch(), writer.batch(3)])).toEqual(['10:1:0', '10:2:0 10:2:1 10:2:2'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/2'])
  expect(log.producers.epoch).toBe(0)
  expect(log.driver.link.count('producer')).toBe(1)
})

test('numbers go on behind those that the broker remembers', async () => {
  const log = new ScriptedWriters()
  log.producers.lastSequence = 41
  await log.writerAtWork()
  expect(log.stored).toEqual(['wal-mine/42'])
})

test('several batches are in flight at once, but none beside the first', async () => {
  const log = new ScriptedWriters()
  const writer = log.writer('mine')
  const handled: number[] = []
  log.driver.onSend = ({ sequence }) => {
    handled.push(sequence)
    return sequence === 0 ? 'silent' : 'store'
  }
  void writer.append()
  await log.runtime.advance(1000)
  // The producer is there now, and the first batch has no answer yet.
  void writer.append()
  void writer.append()
  await log.runtime.advance(1000)
  expect(handled).toEqual([0])

  const other = new ScriptedWriters()
  const atWork = await other.writerAtWork()
  let sent = 0
  other.driver.onSend = () => {
    sent++
    return 'silent'
  }
  for (let i = 0; i < 3; i++) void atWork.append()
  await other.runtime.advance(1000)
  expect(sent).toBe(3)
})

test('a record that is too large is refused alone, and nothing of it is sent', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  const [large, behind] = [writer.batch(1, 1001), writer.batch()]
  expect(await writer.sendAll([large, behind])).toEqual([
    'not-written: WAL_MESSAGE_TOO_LARGE',
    'not-written: WAL_UNAVAILABLE',
  ])
  expect(await writer.sendAll([behind])).toEqual(['10:1:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1'])
})

test('a batch whose receipt was lost is answered from the log, and not stored again', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = ({ sequence }) => (sequence === 1 ? 'unanswered' : 'store')
  const batches = [writer.batch(2), writer.batch()]
  expect(await writer.sendAll(batches)).toEqual(['unknown: WAL_UNAVAILABLE', 'unknown: WAL_UNAVAILABLE'])
  expect(await writer.sendAll(batches)).toEqual(['10:1:0 10:1:1', '10:2:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/2'])
})

test('a batch that never came to the broker is stored under the number that it had', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  let lost = false
  log.driver.onSend = () => {
    if (lost) return 'store'
    lost = true
    return 'lose'
  }
  const batches = [writer.batch(), writer.batch()]
  expect(await writer.sendAll(batches)).toEqual(['unknown: WAL_UNAVAILABLE', 'unknown: WAL_UNAVAILABLE'])
  expect(await writer.sendAll(batches)).toEqual(['10:1:0', '10:2:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/2'])
})

test('a failed send ends the producer, so that nothing is sent behind it', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = ({ sequence }) =>
    sequence === 1 ? new PulsarError('PersistenceError', 'Bookie operation timeout') : 'store'
  const batch = writer.batch()
  expect(await writer.sendAll([batch])).toEqual(['unknown: WAL_UNAVAILABLE'])
  log.driver.onSend = undefined
  await log.runtime.advance(1)
  expect(log.producers.table.size).toBe(0)
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1'])
})

test('an entry that is stored behind a missing one ends the writer, and the missing one is never sent', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = ({ sequence }) =>
    sequence === 2 ? new PulsarError('ChecksumError', 'Checksum failed on the broker') : 'store'
  const batches = [writer.batch(), writer.batch(), writer.batch()]
  expect(await writer.sendAll(batches)).toEqual([
    '10:1:0',
    'unknown: WAL_UNAVAILABLE',
    'unknown: WAL_UNAVAILABLE',
  ])
  await log.runtime.advance(10)
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/3'])
  log.driver.onSend = undefined
  const error = await log.runtime.run(writer.appender.append(batches[1] as never).catch((failed) => failed))
  expect(error).toMatchObject({ code: 'WAL_CORRUPT', outcome: 'unknown', retryable: false })
  expect(error.message).toContain('entry 3 at 10:2, and not its entry 2')
  expect(await writer.sendAll(batches.slice(1))).toEqual(['unknown: WAL_CORRUPT', 'unknown: WAL_UNAVAILABLE'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/3'])
})

test('a receipt without a place is looked up in the log', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  const batch = writer.batch()
  log.driver.onSend = () => 'copy'
  expect(await writer.sendAll([batch])).toEqual(['unknown: WAL_UNAVAILABLE'])
  log.driver.onSend = undefined
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
})

test('a receipt that lies not behind the last one means that the log lost its end', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  await log.runtime.run(writer.append())
  const { topic } = log
  const { store } = topic
  topic.store = (entry) => {
    store.call(topic, entry)
    return { ledger: 10, entry: 1 }
  }
  expect(await log.runtime.run(writer.append())).toBe('unknown: WAL_LOG_ROLLED_BACK')
  topic.store = store
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_LOG_ROLLED_BACK')
})

test('batches that are appended after the close are refused, and the producer is gone', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  writer.lifetime.closed = true
  await log.runtime.run(writer.appender.close())
  expect(log.producers.table.size).toBe(0)
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_CLOSED')
})
