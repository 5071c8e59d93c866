import { deferred } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import type { Access } from '../../src/driver/pulsar-driver.js'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import { ScriptedWriters, TIMEOUT_MS, TOPIC } from './scripted-writer.js'

/** How producers were asked for, in order. */
function accesses(log: ScriptedWriters): Access[] {
  const asked: Access[] = []
  const register = log.producers.register.bind(log.producers)
  log.producers.register = (options) => {
    asked.push(options.access)
    return register(options)
  }
  return asked
}

test('a writer comes back with its own topic epoch, and never by fencing', async () => {
  const log = new ScriptedWriters()
  const asked = accesses(log)
  const writer = await log.writerAtWork()
  for (let i = 0; i < 2; i++) {
    log.driver.link.cut()
    await log.runtime.run(writer.append())
  }
  expect(asked).toEqual(['fencing', { epoch: 0 }, { epoch: 0 }])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1', 'wal-mine/2'])
})

test('a writer comes back no earlier than 100 ms after it lost its producer', async () => {
  const log = new ScriptedWriters()
  const asked = accesses(log)
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  const appended = writer.append()
  await log.runtime.advance(99)
  expect(asked).toHaveLength(1)
  expect(await log.runtime.run(appended)).toBe('10:1:0')
  log.driver.link.cut()
  await log.runtime.advance(500)
  const before = log.runtime.elapsedMs
  await log.runtime.run(writer.append())
  expect(log.runtime.elapsedMs - before).toBeLessThan(10)
})

test('a writer that was idle when it lost its producer reads the log before it stores anything', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  log.topic.putBack([])
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_LOG_ROLLED_BACK')
  expect(log.stored).toEqual([])
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_LOG_ROLLED_BACK')
})

test('a writer whose last record is gone, though later ones are stored, tells that the log was rolled back', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  log.topic.putBack([])
  log.topic.store({
    producer: 'wal-mine',
    sequence: 0,
    messages: [{ payload: Buffer.alloc(1), properties: [] }],
  })
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_LOG_ROLLED_BACK')
})

test('a writer behind whose last record another one has stored is fenced', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  log.topic.store({
    producer: 'wal-other',
    sequence: 0,
    messages: [{ payload: Buffer.alloc(1), properties: [] }],
  })
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_FENCED')
  log.topic.entries.pop()
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_FENCED')
})

test('a writer that was let out for another one is fenced, and stays so', async () => {
  const log = new ScriptedWriters()
  const old = await log.writerAtWork('old')
  const young = await log.writerAtWork('young')
  expect(await log.runtime.run(old.append())).toBe('unknown: WAL_FENCED')
  expect(await log.runtime.run(old.append())).toBe('not-written: WAL_FENCED')
  expect(await log.runtime.run(young.append())).toBe('10:2:0')
  const producers = log.driver.link.count('producer')
  expect(await log.runtime.run(old.append())).toBe('not-written: WAL_FENCED')
  expect(log.driver.link.count('producer')).toBe(producers)
  expect(log.stored).toEqual(['wal-old/0', 'wal-young/0', 'wal-young/1'])
})

test('a send that the broker answers with "Producer is closed" fences the writer at once', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = () => new PulsarError('PersistenceError', 'Producer is closed')
  expect(await log.runtime.run(writer.append())).toBe('unknown: WAL_FENCED')
  log.driver.onSend = undefined
  const producers = log.driver.link.count('producer')
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_FENCED')
  expect(log.driver.link.count('producer')).toBe(producers)
})

test('a driver that tells no topic epoch never comes back', async () => {
  const log = new ScriptedWriters()
  const register = log.producers.register.bind(log.producers)
  log.producers.register = async (options) => {
    const producer = await register(options)
    return Object.defineProperty(producer, 'epoch', { value: undefined })
  }
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  expect(await log.runtime.run(writer.append())).toBe('not-written: WAL_FENCED')
})

test('a quota that is used up is told by name, and the writer comes back when it is lifted', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  log.driver.link.onCall = ({ kind }) => {
    if (kind === 'producer')
      throw new PulsarError(
        'ProducerBlockedQuotaExceededError',
        'Cannot create producer on topic with backlog quota exceeded',
      )
  }
  const batch = writer.batch()
  const error = await log.runtime.run(writer.appender.append(batch).catch((failed) => failed))
  expect(error).toMatchObject({ code: 'WAL_STORAGE_FULL', outcome: 'not-written', retryable: true })
  expect(error.message).toMatch(/backlog quota of the namespace or of the topic is used up/)
  log.driver.link.onCall = undefined
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
})

test('an append under which the broker closes the producer for a quota tells the quota, and not a lost connection', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = () => 'lose'
  log.driver.link.onCall = ({ kind }) => {
    if (kind === 'producer')
      throw new PulsarError(
        'ProducerBlockedQuotaExceededException',
        'Cannot create producer on topic with backlog quota exceeded',
      )
  }
  const batch = writer.batch()
  const error = await log.runtime.run(writer.appender.append(batch).catch((failed) => failed))
  expect(error).toMatchObject({ code: 'WAL_STORAGE_FULL', outcome: 'unknown', retryable: true })
  log.driver.onSend = undefined
  log.driver.link.onCall = undefined
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
})

test('when the log cannot be read back, the outcome stays unknown, and the next attempt reads again', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.onSend = () => 'unanswered'
  const batch = writer.batch()
  expect(await writer.sendAll([batch])).toEqual(['unknown: WAL_UNAVAILABLE'])
  log.driver.onSend = undefined
  log.driver.link.onCall = ({ kind }) => {
    if (kind === 'reader') throw new PulsarError('ServiceNotReady', 'the topic is not loaded')
  }
  expect(await writer.sendAll([batch])).toEqual(['unknown: WAL_UNAVAILABLE'])
  log.driver.link.onCall = undefined
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/1'])
})

test('a look at the log that gets no entries ends in time', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  const from = log.topic.from.bind(log.topic)
  log.topic.from = () => undefined
  expect(await log.runtime.run(writer.append(), { withinMs: TIMEOUT_MS + 1000 })).toBe(
    'not-written: WAL_UNAVAILABLE',
  )
  log.topic.from = from
  expect(await log.runtime.run(writer.append())).toBe('10:1:0')
  expect(log.driver.open).toEqual([])
})

test('a first batch without an answer is stored again by the same writer, and nobody else is let in meanwhile', async () => {
  const log = new ScriptedWriters()
  const asked = accesses(log)
  const writer = log.writer('mine')
  log.driver.onSend = () => 'unanswered'
  const batch = writer.batch()
  expect(await writer.sendAll([batch])).toEqual(['unknown: WAL_UNAVAILABLE'])
  log.driver.onSend = undefined
  expect(await writer.sendAll([batch])).toEqual(['10:1:0'])
  expect(log.stored).toEqual(['wal-mine/0', 'wal-mine/0'])
  expect(asked).toEqual(['fencing', { epoch: 0 }])
  expect(log.driver.topic(TOPIC)).toBe(log.topic)
})

test('a batch that comes while the log is read back is stored behind the one that waits for the answer', async () => {
  const log = new ScriptedWriters()
  const writer = await log.writerAtWork()
  log.driver.link.cut()
  const asked = deferred()
  const answer = deferred()
  log.driver.link.onCall = async ({ kind }) => {
    if (kind !== 'last') return
    asked.resolve()
    await answer.promise
  }
  const [first, second] = [writer.batch(2), writer.batch()]
  const waiting = writer.send(first)
  await log.runtime.run(asked.promise)
  const late = writer.send(second)
  await log.runtime.advance(10)
  answer.resolve()
  expect(await log.runtime.run(Promise.all([waiting, late]))).toEqual(['10:1:0 10:1:1', '10:2:0'])
  expect(log.topic.entries.map(({ messages }) => messages.length)).toEqual([1, 2, 1])
})
