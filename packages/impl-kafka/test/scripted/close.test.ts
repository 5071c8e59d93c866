import { expect, test } from 'vitest'
import type { RequestName } from './requests.js'
import { ScriptedLog, textsOf, turns } from './scripted-log.js'

const ALL: readonly RequestName[] = ['Produce', 'Fetch', 'ListOffsets', 'Metadata', 'DescribeConfigs']

/** The broker answers nothing any more, and its connections stay. */
function freeze(log: ScriptedLog): void {
  for (const name of ALL) log.broker.always(name, 'ignore')
}

/** Whether a promise has settled, without waiting for it. */
function watch(promise: Promise<unknown>): () => boolean {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  return () => settled
}

test('close ends scanners that wait at their logs’ ends at once, though the broker is frozen', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const outcomes: Promise<unknown>[] = []
  for (let i = 0; i < 50; i++) {
    log.cluster.make(`channel-${i}`)
    const scanner = (await opener.openReadOnly(`channel-${i}`)).read({ start: 'latest', maxBytes: 1000 })
    await scanner.next()
    outcomes.push(scanner.next())
  }
  freeze(log)
  await log.pass(300)
  const closed = watch(opener.close())
  await turns(300)
  expect(closed()).toBe(true)
  expect(await Promise.all(outcomes)).toEqual(Array(50).fill(undefined))
  expect(log.broker.open).toHaveLength(0)
  expect(log.timers).toBe(0)
})

test('close with calls in flight at a frozen broker ends within five seconds, and leaves nothing behind', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener({ requestTimeoutMs: 60_000 })
  const writer = await log.writerAtWork({}, opener)
  freeze(log)
  const outcome = writer.append(1)
  const look = watch(writer.wal.last())
  const scanner = writer.wal.read({ start: 'oldest', maxBytes: 1000 })
  const page = watch(scanner.next())
  await turns()
  const closed = watch(opener.close())
  await log.pass(5000)
  expect(closed()).toBe(true)
  expect(await outcome).toBe('unknown: WAL_UNAVAILABLE')
  expect([look(), page()]).toEqual([true, true])
  await turns()
  expect(log.broker.open).toHaveLength(0)
  expect(log.timers).toBe(0)
})

test('close waits for an append that is answered in time, whose ids are told', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writer = await log.writerAtWork({}, opener)
  let release = () => {}
  log.broker.next('Produce', new Promise<void>((resolve) => (release = resolve)))
  const outcome = writer.append(1)
  await turns()
  const closed = watch(opener.close())
  await log.pass(1000)
  expect(closed()).toBe(false)
  release()
  expect(await outcome).toBe('1')
  await turns()
  expect(closed()).toBe(true)
  expect(log.timers).toBe(0)
})

test('what is asked of a closed log or opener is refused, and nothing is sent', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writer = await log.writerAtWork({}, opener)
  await writer.wal.close()
  const sent = log.broker.requests.length
  expect(await writer.append(1)).toBe('not-written: WAL_CLOSED')
  await expect(writer.wal.last()).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  await opener.close()
  await expect(opener.openReadOnly('orders')).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  expect(log.broker.requests.length).toBe(sent)
})

test('close of one log leaves the others of the opener at work', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writer = await log.writerAtWork({}, opener)
  const reader = await opener.openReadOnly('orders')
  const scanner = reader.read({ start: 'oldest', maxBytes: 1000 })
  expect(textsOf(await scanner.next())).toEqual(['message 0'])
  await reader.close()
  expect(await scanner.next()).toBeUndefined()
  expect(await writer.append(1)).toBe('1')
})
