import { expect, test } from 'vitest'
import { scan, textsOf } from '../scene.js'
import { turn } from './scripted-connection.js'
import { BASE, CHANNEL, entriesFrom, pageReply, ScriptedLog } from './scripted-log.js'

const WAKE = `wal:{${CHANNEL}}:wake`
const POLL_MS = 2000
const LAST = `${BASE}-0`

function scene(): ScriptedLog {
  const log = new ScriptedLog({ exists: true, writer: '3 mine', base: `${BASE}`, last: LAST })
  log.redis.answer('exists', () => 1)
  log.redis.answer('hget', () => LAST)
  return log
}

/** A reader that has read all there is, and waits. */
async function waitOn(log: ScriptedLog) {
  const reader = await log.reader({ pollMs: POLL_MS })
  const scanner = scan(reader)
  const first = scanner.next()
  ;(await log.redis.next('page')).reply(pageReply(entriesFrom(0, 1)))
  await first
  expect(await scanner.next()).toEqual([])
  const next = scanner.next().then((messages) => textsOf(messages ?? []))
  const subscriber = await log.connection(0)
  return { log, reader, scanner, next, subscriber, pages: () => log.redis.count('page') }
}

/** The same, with a subscription. What was published before it held is read as well. */
async function waiting() {
  const waits = await waitOn(scene())
  ;(await waits.log.redis.next('page')).reply(pageReply([], { last: LAST }))
  await turn()
  return waits
}

/** The same, after a poll. The first one has nothing to compare with, and may wake the reader up. */
async function polled() {
  const waits = await waiting()
  const before = waits.pages()
  await waits.log.runtime.advance(2 * POLL_MS)
  if (waits.pages() > before) (await waits.log.redis.next('page')).reply(pageReply([], { last: LAST }))
  await turn()
  return waits
}

async function giveOne(log: ScriptedLog) {
  const page = await log.redis.next('page')
  expect(page.args[0]).toBe(`(${LAST}`)
  page.reply(pageReply(entriesFrom(1, 1)))
}

test('a reader at the end asks nothing, until a message wakes it up', async () => {
  const { log, next, subscriber, pages } = await waiting()
  const before = pages()
  await turn()
  expect(pages()).toBe(before)
  subscriber.emit('message', WAKE, `${BASE}-1`)
  await giveOne(log)
  expect(await next).toEqual(['message 1'])
})

test('a wake-up of another log wakes nobody', async () => {
  const { next, subscriber, pages, log } = await waiting()
  const before = pages()
  subscriber.emit('message', 'wal:{others}:wake', '1-1')
  await turn()
  expect(pages()).toBe(before)
  subscriber.emit('message', WAKE, '')
  await giveOne(log)
  await next
})

test('a wake-up while an empty page is on its way is not missed', async () => {
  const { log, next, subscriber } = await waiting()
  subscriber.emit('message', WAKE, '')
  const page = await log.redis.next('page')
  // Published behind the look of this page: the server answers what it had before.
  subscriber.emit('message', WAKE, '')
  page.reply(pageReply([], { last: LAST }))
  await giveOne(log)
  expect(await next).toEqual(['message 1'])
})

test('a lost wake-up is made up for by asking now and then', async () => {
  const { log, next } = await waiting()
  log.redis.answer('hget', () => `${BASE}-1`)
  await log.runtime.advance(2 * POLL_MS)
  await giveOne(log)
  expect(await next).toEqual(['message 1'])
})

test('asking now and then reads nothing when nothing is new', async () => {
  const { log, pages } = await polled()
  const before = pages()
  const polls = log.redis.count('hget')
  await log.runtime.advance(10 * POLL_MS)
  expect(log.redis.count('hget')).toBeGreaterThan(polls + 5)
  expect(pages()).toBe(before)
})

test('a stream that vanished wakes its readers up, who are told', async () => {
  const { log, next } = await polled()
  log.redis.answer('page', () => [Buffer.from('gone'), Buffer.from('')])
  log.redis.answer('exists', () => 0)
  const told = expect(next).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  await log.runtime.advance(2 * POLL_MS)
  await told
})

test('a connection that came back wakes readers up: messages were missed meanwhile', async () => {
  const { log, next } = await waiting()
  log.redis.lose()
  log.redis.restore()
  await giveOne(log)
  expect(await next).toEqual(['message 1'])
})

test('the connection for wake-ups that came back wakes readers up as well', async () => {
  const { log, next, subscriber } = await waiting()
  subscriber.restore()
  await giveOne(log)
  expect(await next).toEqual(['message 1'])
})

test('all readers of a log share one subscription, which ends with the last of them', async () => {
  const { log, reader, scanner, next, subscriber } = await waiting()
  const second = scan(reader)
  const first = second.next()
  ;(await log.redis.next('page')).reply(pageReply(entriesFrom(0, 1)))
  await first
  await second.next()
  const waits = second.next()
  await turn()
  expect(subscriber.count('subscribe')).toBe(1)
  await scanner.close()
  await next
  expect(subscriber.count('unsubscribe')).toBe(0)
  await second.close()
  await waits
  expect(subscriber.sent.filter(({ name }) => name === 'unsubscribe').map(({ args }) => args)).toEqual([
    [WAKE],
  ])
  expect(log.redis.duplicates).toHaveLength(1)
})

test('a subscription that was refused is tried again with the next poll', async () => {
  const log = scene()
  log.redis.answer('subscribe', () => {
    throw new Error('Connection is closed.')
  })
  const { subscriber } = await waitOn(log)
  const before = subscriber.count('subscribe')
  await log.runtime.advance(2 * POLL_MS)
  expect(subscriber.count('subscribe')).toBeGreaterThan(before)
})
