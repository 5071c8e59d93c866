import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, texts, turn, within } from '../harness.js'

cleanLogs()

test('H15: over a backend that fails a few times an append succeeds and stores one record, and a newer writer makes it WAL_FENCED for good', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  let failures = 0
  backend.plan = { script: { append: () => (failures++ < 5 ? 'fail' : undefined) } }
  const { position } = await within(wal.append(message('one')), 10_000)
  assert.ok(failures > 5)
  assert.deepEqual(await texts(wal.read({ from: position, until: 'end' })), ['one'])
  // The library takes a writer with a runtime of its own for another process.
  await open({ runtime: { ...systemRuntime } })
  for (const late of ['two', 'three'])
    await assert.rejects(wal.append(message(late)), { code: 'WAL_FENCED', outcome: 'not-written' })
  assert.equal(wal.signal.reason.code, 'WAL_FENCED')
})

test('H16: when a caller gives up during an append, the record is stored', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const giveUp = new AbortController()
  const append = wal.append(message('stored'), { signal: giveUp.signal })
  await turn()
  const reason = new Error('no longer interested')
  giveUp.abort(reason)
  await assert.rejects(append, { code: 'WAL_OUTCOME_UNKNOWN', outcome: 'unknown', cause: reason })
  backend.letGo()
  await wal.append(message('next'))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['stored', 'next'])
})

test('H17: an append during a close is WAL_CLOSED, and the close waits for appends in flight, but not forever', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, closeTimeoutMs: 60_000 })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const inFlight = wal.append(message('in flight'))
  await turn()
  const closing = wal.close()
  await assert.rejects(wal.append(message('too late')), { code: 'WAL_CLOSED', outcome: 'not-written' })
  backend.letGo()
  await within(closing)
  await inFlight
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['in flight'])

  const other = faulty()
  const stuck = await open({ builder: other.builder, channel: 'stuck', closeTimeoutMs: 20 })
  other.plan = { script: { append: () => other.hang() } }
  const lost = stuck.append(message('no answer'))
  await turn()
  const [outcome] = await Promise.allSettled([lost, within(stuck.close())])
  assert.equal(outcome.status, 'rejected')
  assert.equal((outcome as PromiseRejectedResult).reason.outcome, 'unknown')
})
