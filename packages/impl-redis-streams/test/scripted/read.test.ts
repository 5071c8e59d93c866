import type { ScannerImpls } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { messageIds, type RedisStreamsId } from '../../src/stored/message-id.js'
import { scan, textsOf } from '../scene.js'
import { turn } from './scripted-connection.js'
import { BASE, entriesFrom, pageReply, ScriptedLog } from './scripted-log.js'

const stored = { exists: true, writer: '3 mine', base: `${BASE}`, last: `${BASE}-5` }

async function scene(
  found: object = stored,
  start: 'oldest' | 'latest' | { from: RedisStreamsId } = 'oldest',
) {
  const log = new ScriptedLog(found)
  const reader = await log.reader()
  const scanner = scan(reader, start)
  const next = () => texts(scanner)
  const page = () => log.redis.next('page')
  return { log, scanner, next, page }
}

async function texts(scanner: ScannerImpls<RedisStreamsId>): Promise<string[] | undefined> {
  const messages = await scanner.next()
  return messages === undefined ? undefined : textsOf(messages)
}

test('while a page is given out the next one is on its way, and it begins behind the last entry', async () => {
  const { next, page, log } = await scene()
  const first = next()
  ;(await page()).reply(pageReply(entriesFrom(0, 3), { last: `${BASE}-5`, ended: false }))
  expect(await first).toEqual(['message 0', 'message 1', 'message 2'])
  const ahead = await page()
  expect(ahead.args[0]).toBe(`(${BASE}-2`)
  await turn()
  expect(log.redis.count('page')).toBe(2)
  ahead.reply(pageReply(entriesFrom(3, 3)))
  expect(await next()).toEqual(['message 3', 'message 4', 'message 5'])
  expect(await next()).toEqual([])
  expect(log.redis.count('page')).toBe(2)
})

test('an error of the page that is read ahead comes out of the next call, not before', async () => {
  const { next, page, log } = await scene()
  const first = next()
  ;(await page()).reply(pageReply(entriesFrom(0, 1), { last: `${BASE}-5`, ended: false }))
  await page()
  log.redis.lose()
  expect(await first).toEqual(['message 0'])
  await expect(next()).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE' })
})

test('a scanner of the latest records starts behind the end that the look found', async () => {
  const { next, page } = await scene(stored, 'latest')
  void next()
  expect((await page()).args[0]).toBe(`(${BASE}-5`)
})

test('a record that names one which nobody got is a gap: whole records before it are given out first', async () => {
  const { next, page } = await scene()
  const first = next()
  const entries = [...entriesFrom(0, 2), { id: `${BASE}-4` }]
  ;(await page()).reply(pageReply(entries))
  expect(await first).toEqual(['message 0', 'message 1'])
  await expect(next()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED', oldest: `${BASE}-4` })
})

test('a record that follows an older one than was read says that the log lost its end', async () => {
  const { next, page } = await scene()
  const first = next()
  const entries = [...entriesFrom(0, 3), { id: '9000-0', previous: `${BASE}-1` }]
  ;(await page()).reply(pageReply(entries))
  expect(await first).toHaveLength(3)
  const error = await next().catch((reason: Error) => reason)
  expect(error).toMatchObject({ code: 'WAL_LOG_ROLLED_BACK' })
  expect(String(error)).toContain(`records behind ${BASE}-1 up to ${BASE}-2 were acknowledged`)
})

test('a log that ends below what was read lost its end', async () => {
  const { next, page } = await scene(stored, { from: messageIds.of(BASE, 5) })
  const nothing = next()
  ;(await page()).reply(pageReply([], { last: `${BASE}-3` }))
  await expect(nothing).rejects.toMatchObject({ code: 'WAL_LOG_ROLLED_BACK' })
})

test('an empty page below the last id says that records were removed', async () => {
  const { next, page } = await scene()
  const nothing = next()
  ;(await page()).reply(pageReply([], { last: `${BASE}-5` }))
  await expect(nothing).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test('records that follow the last one which is there were removed: what is there is given out first', async () => {
  const { next, page } = await scene()
  const first = next()
  ;(await page()).reply(pageReply(entriesFrom(0, 3), { last: `${BASE}-5` }))
  expect(await first).toHaveLength(3)
  await expect(next()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test('a start below the remembered beginning is refused, with the oldest record that is kept', async () => {
  const truncated = { ...stored, oldest: `${BASE}-4`, below: `${BASE}-3` }
  const { next } = await scene(truncated, { from: messageIds.of(BASE, 2) })
  await expect(next()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED', oldest: `${BASE}-4` })
})

test('reading a truncated log from its beginning starts behind the greatest id that was freed', async () => {
  const { next, page } = await scene({ ...stored, oldest: `${BASE}-4`, below: `${BASE}-3` })
  const first = next()
  const asked = await page()
  expect(asked.args[0]).toBe(`(${BASE}-3`)
  asked.reply(pageReply(entriesFrom(4, 2)))
  expect(await first).toEqual(['message 4', 'message 5'])
})

test('a stream that vanishes under a reader is a channel that is not there', async () => {
  const { next, page } = await scene()
  const nothing = next()
  ;(await page()).reply([Buffer.from('gone'), Buffer.from('')])
  await expect(nothing).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
})

test('an entry of another application is corrupt', async () => {
  const { next, page } = await scene()
  const nothing = next()
  ;(await page()).reply(pageReply([{ id: `${BASE}-0` }]))
  await expect(nothing).rejects.toMatchObject({ code: 'WAL_CORRUPT' })
})
