import { batchOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { scan } from '../scene.js'
import { turn } from './scripted-connection.js'
import { BASE, CHANNEL, entriesFrom, pageReply, ScriptedLog, told, WRITER, words } from './scripted-log.js'

const stored = { exists: true, writer: '3 mine', base: `${BASE}`, last: `${BASE}-0` }

test('a client that the user gave is not closed, and nobody of ours listens to it any more', async () => {
  const log = new ScriptedLog(stored)
  const before = log.redis.eventNames().length
  const opener = await log.opener()
  await opener.openReadOnly(CHANNEL)
  expect(log.redis.eventNames().length).toBeGreaterThan(before)
  await opener.close()
  expect(log.redis.count('disconnect')).toBe(0)
  expect(log.redis.eventNames()).toHaveLength(before)
})

test('close waits for an append under way, whose answer is told', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const wal = await opener.open(CHANNEL, WRITER)
  const outcome = wal.append(batchOf(0, [{ payload: Buffer.from('x'), properties: [] }]))
  const command = await log.nextAppend()
  let closed = false
  const closing = opener.close().then(() => {
    closed = true
  })
  await turn()
  expect(closed).toBe(false)
  command.reply(words('ok', `${BASE}`))
  expect((await outcome).map(String)).toEqual([`${BASE}-0`])
  await closing
})

test('close of a server that answers nothing ends with the deadline of what is under way, as unknown', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork({ requestTimeoutMs: 1000 })
  const outcome = writer.append(1)
  await log.nextAppend()
  const closing = writer.wal.close()
  await log.runtime.advance(1001)
  expect(told(await outcome)).toBe('unknown: WAL_UNAVAILABLE')
  await closing
})

test('a connection of ours that does not end is left behind after a while', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener({ waitReplicas: 1 })
  const [appends] = log.redis.duplicates
  let asked = false
  Object.assign(appends as object, {
    disconnect() {
      asked = true
    },
  })
  let closed = false
  const closing = opener.close().then(() => {
    closed = true
  })
  await turn()
  expect(asked).toBe(true)
  expect(closed).toBe(false)
  await log.runtime.advance(2_501)
  await closing
})

test('what is asked of a closed log or opener is refused, and nothing is sent', async () => {
  const log = new ScriptedLog(stored)
  const opener = await log.opener()
  const wal = await opener.open(CHANNEL, WRITER)
  await wal.close()
  const sent = log.redis.sent.length
  const batch = batchOf(0, [{ payload: Buffer.from('x'), properties: [] }])
  await expect(wal.append(batch)).rejects.toMatchObject({ code: 'WAL_CLOSED', outcome: 'not-written' })
  await expect(wal.last()).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  await opener.close()
  await expect(opener.openReadOnly(CHANNEL)).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  expect(log.redis.sent.length).toBe(sent)
})

test('close ends a scanner that waits, and the connection for wake-ups', async () => {
  const log = new ScriptedLog(stored)
  const opener = await log.opener()
  const scanner = scan(await opener.openReadOnly(CHANNEL))
  const first = scanner.next()
  ;(await log.redis.next('page')).reply(pageReply(entriesFrom(0, 1)))
  await first
  await scanner.next()
  const waiting = scanner.next()
  ;(await log.redis.next('page')).reply(pageReply([], { last: `${BASE}-0` }))
  await turn()
  await opener.close()
  expect(await waiting).toBeUndefined()
  expect(log.redis.duplicates.map((duplicate) => duplicate.count('disconnect'))).toEqual([1])
})
