import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { replyError } from './scripted-connection.js'
import { ScriptedLog, told } from './scripted-log.js'

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", 'not-written: WAL_STORAGE_FULL', true],
  ["READONLY You can't write against a read only replica.", 'not-written: WAL_UNAVAILABLE', true],
  ['MOVED 3999 127.0.0.1:6381', 'not-written: WAL_UNAVAILABLE', true],
  ['LOADING Redis is loading the dataset in memory', 'not-written: WAL_UNAVAILABLE', true],
  ['MISCONF Redis is configured to save RDB snapshots', 'not-written: WAL_UNAVAILABLE', true],
  ['NOREPLICAS Not enough good replicas to write.', 'not-written: WAL_UNAVAILABLE', true],
  ['BUSY Redis is busy running a script.', 'not-written: WAL_UNAVAILABLE', true],
  ['NOAUTH Authentication required.', 'not-written: WAL_UNAVAILABLE', false],
  ['WRONGPASS invalid username-password pair', 'not-written: WAL_UNAVAILABLE', false],
  ['NOPERM this user has no permissions', 'not-written: WAL_UNAVAILABLE', false],
  [
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'not-written: WAL_UNAVAILABLE',
    false,
  ],
  ['ERR The ID specified in XADD is equal or smaller', 'not-written: WAL_CORRUPT', false],
  ['ERR something that nobody has seen yet', 'unknown: WAL_UNAVAILABLE', false],
])('an append that the server answers with "%s"', async (text, outcome, retryable) => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const appended = writer.append(1)
  ;(await log.nextAppend()).fail(replyError(text))
  const error = await appended
  expect(told(error)).toBe(outcome)
  expect(error).toMatchObject({ retryable })
})

test('an error keeps neither the command nor its arguments', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const appended = writer.append(1)
  const error = Object.assign(replyError('ERR odd, with args beginning with: hunter2'), {
    command: { name: 'auth', args: ['hunter2'] },
    options: { password: 'hunter2' },
  })
  ;(await log.nextAppend()).fail(error)
  const shown = inspect(await appended, { depth: null, showHidden: true })
  expect(shown).toContain('ERR odd')
  expect(shown).not.toContain('hunter2')
})

test('a call that lost its connection says what was wrong with the connection', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const appended = writer.append(1)
  await log.nextAppend()
  log.redis.lose(replyError('WRONGPASS invalid username-password pair'))
  expect(String(await appended)).toMatch(/connection ended under the request.*The connection: WRONGPASS/)
})

test('what was wrong with a connection is forgotten when it is well again', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  log.redis.lose(new Error('ECONNREFUSED'))
  log.redis.restore()
  const appended = writer.append(1)
  ;(await log.nextAppend()).fail(replyError('LOADING Redis is loading the dataset in memory'))
  expect(String(await appended)).not.toContain('ECONNREFUSED')
})

test('a login that the server refuses ends the build at once, and leaves no connection of ours', async () => {
  const log = new ScriptedLog()
  log.redis.leaveOpen('connect')
  const building = log.opener({ waitReplicas: 1 })
  building.catch(() => {})
  const appends = await log.connection(0)
  await appends.next('connect')
  appends.emit('error', replyError('WRONGPASS invalid username-password pair'))
  await expect(building).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
  expect(appends.count('disconnect')).toBe(1)
  expect(log.redis.count('disconnect')).toBe(0)
})

test('a first connection that may yet succeed is waited for, and each failure is told to who builds', async () => {
  const log = new ScriptedLog()
  log.redis.leaveOpen('connect')
  const failures: string[] = []
  const building = log.opener({ waitReplicas: 1 }, { failed: (error) => failures.push(String(error)) })
  const appends = await log.connection(0)
  const connecting = await appends.next('connect')
  appends.emit('error', new Error('connect ECONNREFUSED 127.0.0.1:1'))
  connecting.reply(undefined)
  await building
  expect(failures).toEqual([expect.stringContaining('ECONNREFUSED')])
})
