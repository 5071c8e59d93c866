import { expect, test } from 'vitest'
import { textsOf } from '../scene.js'
import { BASE, CHANNEL, ScriptedLog, words } from './scripted-log.js'

const stored = { exists: true, writer: '3 mine', base: `${BASE}`, last: `${BASE}-7` }

test('the last record is the one that the server has last', async () => {
  const log = new ScriptedLog({ ...stored, entry: { id: `${BASE}-7`, payload: 'the last' } })
  const last = await (await log.reader()).last()
  expect(last === undefined ? [] : textsOf([last])).toEqual(['the last'])
  expect(String(last?.id)).toBe(`${BASE}-7`)
})

test('a log whose last record somebody removed has no end: the last id is known, and its record is gone', async () => {
  const reader = await new ScriptedLog(stored).reader()
  await expect(reader.last()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test('a log that is open for its first writer may have no record yet', async () => {
  const { wal } = await new ScriptedLog().writer()
  expect(await wal.last()).toBeUndefined()
})

test('a look that its caller gives up rejects at once, and the answer that comes later changes nothing', async () => {
  const log = new ScriptedLog(stored)
  const reader = await log.reader()
  log.redis.leaveOpen('look')
  const patience = new AbortController()
  const looking = reader.last({ signal: patience.signal })
  const look = log.redis.sent.at(-1)
  patience.abort(new Error('no longer wanted'))
  await expect(looking).rejects.toThrow('no longer wanted')
  look?.reply('nonsense')
})

test('a channel is deleted with its state, and a channel that is not there is told', async () => {
  const log = new ScriptedLog(stored)
  const opener = await log.opener()
  log.redis.answer('delete', () => words('ok'))
  await opener.delete?.(CHANNEL)
  expect(log.redis.sent.find(({ name }) => name === 'delete')?.args).toEqual(['PUBLISH'])
  log.redis.answer('delete', () => words('gone'))
  await expect(opener.delete?.(CHANNEL)).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
})

test('a name that is no channel is refused before anything is sent', async () => {
  const log = new ScriptedLog(stored)
  const opener = await log.opener()
  await expect(opener.openReadOnly('../orders')).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
  expect(log.redis.sent).toEqual([])
})

test('a client that would lose the commands of scripts, or change their keys, is refused', async () => {
  const log = new ScriptedLog()
  Object.assign(log.redis.options, { enableAutoPipelining: true })
  await expect(log.opener()).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
  Object.assign(log.redis.options, { enableAutoPipelining: false, keyPrefix: 'mine:' })
  await expect(log.opener()).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
})
