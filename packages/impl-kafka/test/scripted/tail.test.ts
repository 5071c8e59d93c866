import type { ScannerImpls } from '@wal/walimpls'
import { describe, expect, test, vi } from 'vitest'
import type { KafkaOpener } from '../../src/opener.js'
import { ScriptedLog, textsOf, turns } from './scripted-log.js'

/** A scanner that waits at the end of a log. */
async function tail(opener: KafkaOpener, channel: string) {
  const wal = await opener.openReadOnly(channel)
  const scanner = wal.read({ start: 'latest', maxBytes: 1 << 20 })
  expect(await scanner.next()).toEqual([])
  return scanner
}

/** Texts of the next records, or the code of the error. */
const next = (scanner: ScannerImpls) =>
  scanner.next().then(textsOf, (error: { code?: string }) => error.code ?? String(error))

async function logs(...channels: readonly string[]) {
  const log = new ScriptedLog()
  for (const channel of channels) log.cluster.make(channel)
  return { log, opener: await log.opener() }
}

const polls = (log: ScriptedLog) => log.broker.sent('Fetch').filter(({ body }) => body.minBytes === 1)

test('one poll serves all channels, and a later request names only those of which something else is wanted', async () => {
  const { log, opener } = await logs('one', 'two', 'three')
  const [one, two, three] = [
    await tail(opener, 'one'),
    await tail(opener, 'two'),
    await tail(opener, 'three'),
  ]
  const waiting = [next(one as ScannerImpls)]
  await turns()
  waiting.push(next(two as ScannerImpls), next(three as ScannerImpls))
  await log.pass(500)
  const named = polls(log).map(({ body }) => body.topics.length)
  // The first reader’s poll goes out before the others wait.
  expect(named.slice(0, 2)).toEqual([1, 2])
  expect(named.slice(2).every((count) => count === 0)).toBe(true)
  expect(polls(log)[0]?.body).toMatchObject({ sessionId: 0, sessionEpoch: 0 })
  expect(
    polls(log)
      .slice(1, 3)
      .map(({ body }) => body.sessionEpoch),
  ).toEqual([1, 2])
  log.cluster.topic('two').partition.foreign(['hello'])
  expect(await waiting[1]).toEqual(['hello'])
  expect(await next(two as ScannerImpls)).toEqual([])
  const again = next(two as ScannerImpls)
  await log.pass(1)
  expect(polls(log).at(-1)?.body.topics).toMatchObject([{ topicId: log.cluster.topic('two').id, offset: 1 }])
  log.cluster.topic('two').partition.foreign(['again'])
  expect(await again).toEqual(['again'])
  for (const channel of ['one', 'three']) log.cluster.topic(channel).partition.foreign([channel])
  expect(await Promise.all([waiting[0], waiting[2]])).toEqual([['one'], ['three']])
})

test('a log that nobody follows any more leaves the session', async () => {
  const { log, opener } = await logs('one', 'two')
  const [one, two] = [await tail(opener, 'one'), await tail(opener, 'two')]
  const waiting = [next(one), next(two)]
  await log.pass(300)
  await one.close()
  expect(await waiting[0]).toBeUndefined()
  await log.pass(300)
  const forgotten = polls(log).flatMap(({ body }) => body.forgotten)
  expect(forgotten).toEqual([log.cluster.topic('one').id])
  const [session] = log.broker.sessions.values()
  expect([...(session?.topics.keys() ?? [])]).toEqual([log.cluster.topic('two').id])
})

test.each(['FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH'] as const)(
  'a session that the broker answers with %s begins again, and nothing is lost',
  async (error) => {
    const { log, opener } = await logs('one', 'two')
    const waiting = [next(await tail(opener, 'one')), next(await tail(opener, 'two'))]
    await log.pass(300)
    log.broker.next('Fetch', () => {
      for (const channel of ['one', 'two']) log.cluster.topic(channel).partition.foreign([channel])
      return { error }
    })
    await log.pass(300)
    expect(await Promise.all(waiting)).toEqual([['one'], ['two']])
    expect(polls(log).filter(({ body }) => body.sessionEpoch === 0)).toHaveLength(2)
  },
)

test('a broker without room for a session is polled all the same', async () => {
  const { log, opener } = await logs('one', 'two')
  log.broker.sessionSlots = 0
  const one = await tail(opener, 'one')
  const waiting = [next(one), next(await tail(opener, 'two'))]
  await log.pass(500)
  const later = polls(log).slice(1)
  expect(later.length).toBeGreaterThan(1)
  expect(later.every(({ body }) => body.sessionEpoch === 0 && body.topics.length === 2)).toBe(true)
  log.cluster.topic('two').partition.foreign(['hello'])
  expect(await waiting[1]).toEqual(['hello'])
})

test('two readers of one log at different places each get their records', async () => {
  const { log, opener } = await logs('one')
  const [first, second] = [await tail(opener, 'one'), await tail(opener, 'one')]
  const waiting = next(first)
  await log.pass(10)
  log.cluster.topic('one').partition.foreign(['a'])
  expect(await waiting).toEqual(['a'])
  expect(await next(first)).toEqual([])
  const both = [next(first), next(second)]
  await log.pass(300)
  expect(await both[1]).toEqual(['a'])
  log.cluster.topic('one').partition.foreign(['b'])
  expect(await both[0]).toEqual(['b'])
})

test('a reader that joins behind the place of the poll does not get what the poll brings', async () => {
  const { log, opener } = await logs('one')
  const [first, second] = [await tail(opener, 'one'), await tail(opener, 'one')]
  const waiting = next(first)
  await log.pass(10)
  log.cluster.topic('one').partition.foreign(['a'])
  expect(await waiting).toEqual(['a'])
  expect(await next(first)).toEqual([])
  const ahead = next(first)
  await log.pass(10)
  const behind = next(second)
  await turns()
  // The poll asks from the second record on.
  log.cluster.topic('one').partition.foreign(['b'])
  expect(await ahead).toEqual(['b'])
  expect((await behind)?.[0]).toBe('a')
})

test('a poll whose answer is lost ends the scanners that wait, as something to try again', async () => {
  const { log, opener } = await logs('one')
  const scanner = await tail(opener, 'one')
  log.broker.next('Fetch', 'lose request')
  expect(await next(scanner)).toBe('WAL_UNAVAILABLE')
})

test('a broker that refuses every poll is not asked without pause', async () => {
  const { log, opener } = await logs('one')
  const scanner = await tail(opener, 'one')
  log.broker.always('Fetch', { error: 'UNKNOWN_SERVER_ERROR' })
  const waiting = next(scanner)
  await turns(200)
  expect(polls(log).length).toBe(1)
  expect(await waiting).toBe('WAL_UNAVAILABLE')
})

test('a follower learns that its log lost its end, or has another leader', async () => {
  const { log, opener } = await logs('one', 'two')
  for (const channel of ['one', 'two']) log.cluster.topic(channel).partition.foreign(['a', 'b'])
  const read = async (channel: string) => {
    const wal = await opener.openReadOnly(channel)
    const scanner = wal.read({ start: 'oldest', maxBytes: 1 << 20 })
    expect(await next(scanner)).toEqual(['a', 'b'])
    expect(await next(scanner)).toEqual([])
    return next(scanner)
  }
  const waiting = [read('one'), read('two')]
  await log.pass(300)
  log.cluster.topic('one').partition.setBack(0)
  log.cluster.topic('one').partition.foreign(['x'])
  log.cluster.topic('two').partition.elect()
  await log.pass(300)
  expect(await Promise.all(waiting)).toEqual(['WAL_LOG_ROLLED_BACK', 'WAL_UNAVAILABLE'])
})

describe('a reader that waits at the log’s end', () => {
  /** Something happens between two requests of the poll, when none is under way that could fail. */
  async function betweenPolls(lost: (log: ScriptedLog) => void) {
    const { log, opener } = await logs('one')
    log.cluster.topic('one').partition.foreign(['a', 'b'])
    const waiting = next(await tail(opener, 'one'))
    await log.pass(10)
    vi.spyOn(log.runtime, 'yield').mockImplementationOnce(async () => {
      lost(log)
      await turns(3)
    })
    await log.pass(300)
    // Were the log set back, this would be the second record that the reader does not know.
    log.cluster.topic('one').partition.foreign(['c'])
    await log.pass(300)
    return Promise.race([waiting, turns().then(() => 'still waiting')])
  }

  test('does not go on when the broker was started again between two requests of the poll', async () => {
    expect(await betweenPolls((log) => log.broker.hangUp())).toBe('WAL_UNAVAILABLE')
  })

  test('does not go on over another connection of the poll', async () => {
    expect(await betweenPolls((log) => log.broker.open.at(-1)?.hangUp())).toBe('WAL_UNAVAILABLE')
  })

  test('gets its record though the connection over which it read was idle for too long', async () => {
    const lost = ({ broker }: ScriptedLog) => {
      const read = broker.sent('ListOffsets').at(-1)?.connection as number
      broker.connections[read]?.hangUp()
    }
    expect(await betweenPolls(lost)).toEqual(['c'])
  })

  test('does not begin to wait when its connection is lost already', async () => {
    const { log, opener } = await logs('one', 'two')
    const scanner = await tail(opener, 'one')
    log.broker.hangUp()
    await turns()
    expect(await next(scanner)).toBe('WAL_UNAVAILABLE')
  })

  test('does not wait over another connection than the one by which the poll has served it', async () => {
    const { log, opener } = await logs('one')
    const scanner = await tail(opener, 'one')
    const waiting = next(scanner)
    await log.pass(10)
    log.cluster.topic('one').partition.foreign(['a'])
    expect(await waiting).toEqual(['a'])
    expect(await next(scanner)).toEqual([])
    const poll = polls(log).at(-1)?.connection as number
    log.broker.connections[poll]?.hangUp()
    await turns()
    expect(await next(scanner)).toBe('WAL_UNAVAILABLE')
  })
})
