import { expect, test } from 'vitest'
import { replyError, turn } from './scripted-connection.js'
import { BASE, ScriptedLog, told, words } from './scripted-log.js'

const stored = { exists: true, writer: '3 mine', base: `${BASE}`, last: `${BASE}-0` }

test('an open reads the settings, and the guarantees follow from them', async () => {
  const log = new ScriptedLog(stored)
  const { guarantees } = await log.reader()
  expect(guarantees.durability).toBe('synced to the append-only file before acknowledgement')
  expect(guarantees.fencing).toContain('all machines')
})

test('settings that the server refuses to tell are unknown, and a warning', async () => {
  const log = new ScriptedLog(stored)
  for (const name of ['info', 'config'])
    log.redis.answer(name, () => {
      throw replyError('NOPERM this user has no permissions to run the command')
    })
  const { guarantees } = await log.reader()
  expect(guarantees.durability).toBe('unknown')
  expect(guarantees.fencing).toBe('unknown')
  expect(guarantees.warnings.join()).toContain('is refused')
})

test('what is known of the settings is read again when it is old, in the background and once', async () => {
  const log = new ScriptedLog(stored)
  const reader = await log.reader()
  const before = log.redis.count('config')
  expect(reader.guarantees.durability).toContain('synced')
  expect(log.redis.count('config')).toBe(before)
  await log.runtime.advance(10_001)
  log.redis.answer('config', () => ['appendfsync', 'everysec', 'no-appendfsync-on-rewrite', 'no'])
  expect(reader.guarantees.durability).toContain('before acknowledgement')
  expect(reader.guarantees.durability).toContain('before acknowledgement')
  expect(log.redis.count('config')).toBe(before + 1)
  await turn()
  expect(reader.guarantees.durability).toContain('once a second')
})

test('settings are read again after a reconnect: the server behind the address may be another one', async () => {
  const log = new ScriptedLog(stored)
  const reader = await log.reader()
  log.redis.answer('info', () => 'redis_version:7.0.15\r\naof_enabled:1\r\nconnected_slaves:2\r\nrole:master')
  log.redis.lose()
  log.redis.restore()
  await turn()
  expect(reader.guarantees).toMatchObject({ fencing: 'single-primary', durability: 'best-effort' })
})

test('a confirmed append is sent on a connection of its own, with the wait right behind it', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer({ waitReplicas: 1 })
  const [appends] = log.redis.duplicates
  if (appends === undefined) throw new Error('no connection for appends')
  const outcome = writer.append(1)
  const append = await appends.next('append')
  const wait = await appends.next('pipeline')
  expect(wait.args).toEqual([
    ['exists', 'wal:{orders}'],
    ['WAIT', 1, 8000],
  ])
  let done = false
  void outcome.then(() => {
    done = true
  })
  append.reply(words('ok', `${BASE}`))
  await turn()
  expect(done).toBe(false)
  wait.reply([
    [null, 1],
    [null, 1],
  ])
  expect(await outcome).toBe(`${BASE}-0`)
  expect(log.redis.count('append')).toBe(0)
})

test('an append that too few replicas confirmed is unknown: it is stored', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer({ waitReplicas: 2 })
  const [appends] = log.redis.duplicates
  const outcome = writer.append(1)
  ;(await appends?.next('append'))?.reply(words('ok', `${BASE}`))
  ;(await appends?.next('pipeline'))?.reply([
    [null, 1],
    [null, 1],
  ])
  const error = await outcome
  expect(told(error)).toBe('unknown: WAL_UNAVAILABLE')
  expect(String(error)).toContain('only 1 of 2 replicas have confirmed')
})

test('an append that the server has not synced is unknown', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer({ waitAof: true })
  const [appends] = log.redis.duplicates
  const outcome = writer.append(1)
  ;(await appends?.next('append'))?.reply(words('ok', `${BASE}`))
  ;(await appends?.next('pipeline'))?.reply([
    [null, 1],
    [null, [0, 0]],
  ])
  expect(told(await outcome)).toBe('unknown: WAL_UNAVAILABLE')
})
