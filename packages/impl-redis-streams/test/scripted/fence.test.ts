import { expect, test } from 'vitest'
import { BASE, ScriptedLog, told, WRITER_TEXT, words } from './scripted-log.js'

const theirs = { exists: true, writer: '2 theirs', base: '3000', last: '3000-7' }

test('a successor sends its first batch above the last id that it found, and takes the fence with it', async () => {
  const log = new ScriptedLog(theirs)
  const writer = await log.writer()
  const opening = writer.append(1)
  const sent = await log.nextAppend()
  expect(sent.batch).toMatchObject({ writer: WRITER_TEXT, claim: 'yes', previous: '3000-7', known: '3000-7' })
  sent.reply(words('ok', `${BASE}`))
  expect(await opening).toBe(`${BASE}-0`)
})

test.each([
  ['this machine', 4000, 4500],
  ['the server', 6000, 6000],
])(
  'the ids of a new writer are above the clock of %s when that is ahead',
  async (_, serverTime, proposed) => {
    const log = new ScriptedLog({ ...theirs, serverTime })
    const writer = await log.writer()
    void writer.append(1)
    expect((await log.nextAppend()).args[2]).toBe(proposed)
  },
)

test('a fence that another writer holds ends the append as not written, and names the terms', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcome = writer.append(1)
  ;(await log.nextAppend()).reply(words('fenced', '4 theirs'))
  const error = await outcome
  expect(told(error)).toBe('not-written: WAL_FENCED')
  expect(String(error)).toMatch(/another writer, of term 4; this one has term 3/)
})

test('after a lost answer a refusal by the fence leaves the outcome unknown: the batch may have landed before', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  const lost = writer.send(batch)
  await log.nextAppend()
  log.redis.lose()
  await lost
  const again = writer.send(batch)
  ;(await log.nextAppend()).reply(words('fenced', '4 theirs'))
  expect(told(await again)).toBe('unknown: WAL_FENCED')
})

test('a writer that finds its own fence goes on with its own ids, and claims nothing', async () => {
  const log = new ScriptedLog({ exists: true, writer: WRITER_TEXT, base: `${BASE}`, last: `${BASE}-0` })
  const writer = await log.writer()
  writer.batch(1)
  void writer.append(1)
  const sent = await log.nextAppend()
  expect(sent.batch).toMatchObject({ claim: 'no', previous: `${BASE}-0`, base: BASE })
})

test('a writer whose first batch is not the first claims the fence of the writer that it found, and no other', async () => {
  const log = new ScriptedLog(theirs)
  const writer = await log.writer()
  writer.batch(1)
  void writer.append(1)
  expect((await log.nextAppend()).batch.claim).toBe('from 2 theirs')
})

test('a log that lost known records ends the writer: no later batch is sent', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcome = writer.append(1)
  ;(await log.nextAppend()).reply(words('lost', '3000-7'))
  const error = await outcome
  expect(told(error)).toBe('not-written: WAL_LOG_ROLLED_BACK')
  expect(String(error)).toContain(`records behind 3000-7 up to ${BASE}-0 were acknowledged and are gone`)
  const count = log.redis.count('append')
  expect(told(await writer.append(1))).toBe('not-written: WAL_LOG_ROLLED_BACK')
  expect(log.redis.count('append')).toBe(count)
})

test('a stream that is gone is told as a channel that is not there', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcome = writer.append(1)
  ;(await log.nextAppend()).reply(words('gone'))
  expect(told(await outcome)).toBe('not-written: WAL_CHANNEL_NOT_FOUND')
})

test('a state that somebody changed is corrupt, for an append and for a look', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcome = writer.append(1)
  ;(await log.nextAppend()).reply(words('behind', 'nonsense'))
  expect(await outcome).toMatchObject({ code: 'WAL_CORRUPT' })
  const opener = await new ScriptedLog({ exists: true, last: 'nonsense' }).opener()
  await expect(opener.openReadOnly('orders')).rejects.toMatchObject({ code: 'WAL_CORRUPT' })
})

test('read-only, a channel that is not there is refused, and nothing is sent but the look', async () => {
  const log = new ScriptedLog()
  await expect(log.reader()).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  expect(log.redis.names().filter((name) => name !== 'info' && name !== 'config')).toEqual(['look'])
})
