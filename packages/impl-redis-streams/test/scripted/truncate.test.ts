import { expect, test } from 'vitest'
import { messageIds } from '../../src/stored/message-id.js'
import { turn } from './scripted-connection.js'
import { BASE, ScriptedLog, WRITER_TEXT, words } from './scripted-log.js'

const at = (ordinal: number) => messageIds.of(BASE, ordinal)

test('the beginning is remembered before storage is freed, in steps, to the very entry', async () => {
  const log = new ScriptedLog()
  const { wal } = await log.writerAtWork()
  const freed = [10_000, 10_000, 0, 3]
  log.redis.answer('xtrim', () => freed.shift())
  const truncating = wal.truncate(at(7))
  const remembered = await log.redis.next('truncate')
  expect(remembered.args).toEqual([`${BASE}-7`, WRITER_TEXT])
  await turn()
  expect(log.redis.count('xtrim')).toBe(0)
  remembered.reply(words('ok', `${BASE}-6`))
  await truncating
  const trims = log.redis.sent.filter(({ name }) => name === 'xtrim').map(({ args }) => args.slice(2, 4))
  expect(trims).toEqual([...Array(3).fill(['~', `${BASE}-6`]), ['=', `${BASE}-6`]])
})

test('truncations run one after another, and one that fails does not hold up the next', async () => {
  const log = new ScriptedLog()
  const { wal } = await log.writerAtWork()
  const first = wal.truncate(at(3))
  const second = wal.truncate(at(5))
  const one = await log.redis.next('truncate')
  await turn()
  expect(log.redis.count('truncate')).toBe(1)
  one.fail(new Error('Connection is closed.'))
  await expect(first).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE' })
  const two = await log.redis.next('truncate')
  expect(two.args[0]).toBe(`${BASE}-5`)
  two.reply(words('same'))
  await second
  expect(log.redis.count('xtrim')).toBe(0)
})

test('a writer that was taken over may not truncate, and frees nothing', async () => {
  const log = new ScriptedLog()
  const { wal } = await log.writerAtWork()
  const truncating = wal.truncate(at(3))
  ;(await log.redis.next('truncate')).reply(words('fenced', '4 theirs'))
  await expect(truncating).rejects.toMatchObject({ code: 'WAL_FENCED' })
  expect(log.redis.count('xtrim')).toBe(0)
})

test('close waits for a truncation under way', async () => {
  const log = new ScriptedLog()
  const { wal } = await log.writerAtWork()
  const truncating = wal.truncate(at(3))
  const command = await log.redis.next('truncate')
  let closed = false
  const closing = wal.close().then(() => {
    closed = true
  })
  await turn()
  expect(closed).toBe(false)
  command.reply(words('same'))
  await truncating
  await closing
})
