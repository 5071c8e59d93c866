import { expect, test } from 'vitest'
import type { Access } from '../../src/driver/pulsar-driver.js'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import { ScriptedWriters, TIMEOUT_MS, TOPIC } from './scripted-writer.js'

/** Answers how producers were asked for, and when; `refuse` says which are refused. */
function refusing(log: ScriptedWriters, refuse: (access: Access, call: number) => PulsarError | undefined) {
  const asked: { access: Access; at: number }[] = []
  const register = log.producers.register.bind(log.producers)
  log.producers.register = async (options) => {
    const refusal = refuse(options.access, asked.length)
    asked.push({ access: options.access, at: log.runtime.elapsedMs })
    if (refusal !== undefined) throw refusal
    return register(options)
  }
  return asked
}

const FENCED = new PulsarError('ProducerFenced', 'Topic has an existing exclusive producer')
const BUSY = new PulsarError('ProducerBusy', 'Producer with name ‘wal-writer’ is already connected')

test('a new writer ends the old one, and its first record comes behind everything of the old one', async () => {
  const log = new ScriptedWriters()
  const old = await log.writerAtWork('old')
  await log.writerAtWork('young')
  await log.runtime.run(old.append())
  expect(log.stored).toEqual(['wal-old/0', 'wal-young/0'])
})

test('a writer that is refused asks for the free topic before it takes the fence again', async () => {
  const log = new ScriptedWriters()
  const asked = refusing(log, (_, call) => (call < 3 ? (call === 0 ? BUSY : FENCED) : undefined))
  const writer = log.writer('mine')
  expect(await log.runtime.run(writer.append())).toBe('10:0:0')
  expect(asked.map(({ access }) => access)).toEqual(['fencing', 'free', 'free', 'free'])
  for (let i = 1; i < asked.length; i++) {
    const pause = (asked[i]?.at ?? 0) - (asked[i - 1]?.at ?? 0)
    expect(pause).toBeGreaterThanOrEqual(50)
    expect(pause).toBeLessThan(101)
  }
})

test('a writer that is refused for 300 ms takes the fence again, four times at most', async () => {
  const log = new ScriptedWriters()
  const asked = refusing(log, () => FENCED)
  const writer = log.writer('mine')
  expect(await log.runtime.run(writer.append(), { withinMs: TIMEOUT_MS })).toBe('not-written: WAL_FENCED')
  const fences = asked.filter(({ access }) => access === 'fencing')
  expect(fences).toHaveLength(4)
  for (let i = 1; i < fences.length; i++)
    expect((fences[i]?.at ?? 0) - (fences[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(300)
})

test('an error that is no refusal is told at once', async () => {
  const log = new ScriptedWriters()
  const asked = refusing(log, () => new PulsarError('ServiceNotReady', 'the topic is being loaded'))
  expect(await log.runtime.run(log.writer('mine').append())).toBe('not-written: WAL_UNAVAILABLE')
  expect(asked).toHaveLength(1)
})

test('openers that race all end with an answer, and the log has the records of one behind those of the other', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const log = new ScriptedWriters()
    const writers = Array.from({ length: 4 }, (_, i) => log.writer(`w${i}`))
    await log.runtime.advance(seed)
    const outcomes = await log.runtime.run(Promise.all(writers.map((writer) => writer.append())))
    expect(outcomes.filter((outcome) => /^\d/.test(outcome)).length).toBeGreaterThan(0)
    expect(log.producers.table.size).toBeLessThanOrEqual(1)
  }
})

test('openers take the fence one after the other, since a producer must not be fenced twice', async () => {
  const log = new ScriptedWriters()
  let taking = 0
  let most = 0
  const register = log.producers.register.bind(log.producers)
  log.producers.register = async (options) => {
    most = Math.max(most, ++taking)
    await new Promise<void>((resolve) => log.runtime.setTimeout(resolve, 100))
    taking--
    return register(options)
  }
  const openers = ['a', 'b', 'c'].map((name) => log.writer(name).append())
  expect(await log.runtime.run(Promise.all(openers))).toHaveLength(3)
  expect(most).toBe(1)
  expect(log.driver.open).toEqual([])
})

test('an opener that hangs in its turn holds up the others for a third of the time limit', async () => {
  const log = new ScriptedWriters()
  const silent = { entry: () => {}, ended: () => {} }
  await log.runtime.run(log.driver.reader(TOPIC, { start: 'latest', subscription: 'wal-opening', ...silent }))
  const writer = log.writer('mine')
  expect(await log.runtime.run(writer.append())).toBe('10:0:0')
  expect(log.runtime.elapsedMs).toBeGreaterThanOrEqual(TIMEOUT_MS / 3)
  expect(log.runtime.elapsedMs).toBeLessThan(TIMEOUT_MS / 3 + 200)
})
