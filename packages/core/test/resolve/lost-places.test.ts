import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { type LogRolledBackError, systemRuntime, type WALImpls } from '@wal/walimpls'
import { test } from 'vitest'
import type { AppendResolution, ReadOnlyWAL } from '../../src/index.js'
import { cleanLogs, collect, isPending, message, open, openReader, textOf, turn, within } from '../harness.js'
import { overMemory } from '../over-memory.js'
import { type Gates, gate, gatedBuilder, idsOf, unknownError } from './gated.js'

cleanLogs()

const QUIET = { timeTickMs: 60_000, closeTimeoutMs: 20 }

interface StoredLog {
  readonly records: unknown[]
  readonly batches: Map<number, unknown>
  truncate(before: number): void
}

/** The memory store as it is, past any backend. */
function storedLog(): StoredLog {
  const key = Symbol.for('@wal/walimpls/memory')
  type Stores = Map<string, Map<string, StoredLog>>
  const log = (globalThis as unknown as Record<symbol, Stores>)[key]?.get('default')?.get('log')
  assert.ok(log !== undefined)
  return log
}

/** What a failover to a copy without them does to the log's last records; their ids are given out again. */
function loseEnd(count: number): void {
  const log = storedLog()
  log.records.splice(log.records.length - count, count)
  log.batches.clear()
}

/** Large enough that a second batch goes out while the first is on its way. */
const large = (letter: string) => message(letter.repeat(300_000))
const nameOf = (each: { readonly payload: Uint8Array }) => textOf(each).slice(0, 1)

async function answeredAbove(stored: boolean): Promise<void> {
  const hanging = gate()
  const secondSent = gate()
  const append = async (log: WALImpls, batch: Parameters<WALImpls['append']>[0]) => {
    const names = batch.messages.map(nameOf)
    const hangs = names.includes('x')
    if (hangs) secondSent.open()
    if (hangs && !stored) await hanging.opened
    const ids = await log.append(batch)
    if (hangs) await hanging.opened
    if (names.includes('a')) await secondSent.opened
    return ids
  }
  const builder = overMemory((log) => ({ append: (batch) => append(log, batch) }))
  const wal = await open({ builder, ...QUIET, budgetBytes: 16 << 20, batchBytes: 300_000 })
  await wal.append(message('before'))
  // Both are sent behind the one before; then the first of them is acknowledged.
  const first = wal.append(large('a'))
  await turn()
  const second = wal.append(large('x'), { timeoutMs: 200 })
  const { position } = await first
  const { token } = await unknownError(second)
  const next = await open()
  await next.truncate(position)
  const kept = await collect(next.read({ until: 'end' }))
  assert.deepEqual(kept.map(nameOf), stored ? ['x'] : [])
  for (const asked of [next, await openReader()]) {
    const resolution = await within(asked.resolve(token))
    assert.equal(resolution.outcome, stored ? 'written' : 'not-written')
    assert.deepEqual(
      idsOf(resolution),
      kept.map(({ messageId }) => messageId),
    )
  }
  // Nothing tells any more of what lies below the point.
  await next.truncate((await next.append(message('later'))).position)
  await assert.rejects(within(next.resolve(token)), { code: 'WAL_POSITION_TRUNCATED' })
  hanging.open()
}

test('H133: above a truncation that freed where it starts, a token is answered: stored', () =>
  answeredAbove(true))

test('above a truncation that freed where it starts, a token is answered: not stored', () =>
  answeredAbove(false))

test('a newer writer’s truncation point says that nothing of the older one counts above it', async () => {
  let aheadMs = 300_000
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + aheadMs }
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), runtime, ...QUIET })
  await wal.append(message('before'))
  gates.before = gate()
  // Its time tick is far above what the next writer begins with.
  aheadMs += 60_000
  const { token } = await unknownError(wal.append(message('x'), { timeoutMs: 20 }))
  const next = await open({ timeTickMs: 60_000 })
  const reader = await openReader()
  assert.deepEqual(await within(reader.resolve(token)), { outcome: 'not-written' })
  await next.truncate((await next.append(message('of the next'))).position)
  for (const asked of [next, reader])
    assert.deepEqual(await within(asked.resolve(token)), { outcome: 'not-written' })
  gates.before.open()
})

/** What a log that lost the record says. */
async function lostTo(wal: ReadOnlyWAL, token: string, signal?: AbortSignal): Promise<LogRolledBackError> {
  const error: LogRolledBackError = await within(wal.resolve(token, signal && { signal })).then(
    ({ outcome }) => assert.fail(outcome),
    (reason) => reason,
  )
  assert.equal(error.code, 'WAL_LOG_ROLLED_BACK', error.message)
  return error
}

test('H134: where the log lost the record that a token starts from, resolve rejects instead of waiting', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  await wal.append(message('before'))
  gates.before = gate()
  const { token } = await unknownError(wal.append(message('x'), { timeoutMs: 20 }))
  loseEnd(1)
  const reader = await openReader()
  await lostTo(reader, token)
  await lostTo(wal, token)
  // The log goes on, under the same ids.
  const next = await open()
  await next.append(message('other'))
  for (const asked of [next, reader]) {
    const { known, resumeAt } = await lostTo(asked, token)
    assert.ok(known !== undefined && resumeAt !== undefined, 'where reading goes on was not told')
    const since = await collect(asked.read({ from: resumeAt, until: 'end' }))
    assert.deepEqual(since.map(textOf), ['other'])
  }
  gates.before.open()
})

test('neither the signal of a resolve nor close waits for where reading goes on', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  await wal.append(message('before'))
  gates.before = gate()
  const { token } = await unknownError(wal.append(message('x'), { timeoutMs: 20 }))
  loseEnd(1)
  const asked = gate()
  let found = false
  const builder = overMemory((log) => ({
    last: (...waits) => {
      if (!found) return log.last(...waits)
      asked.open()
      return new Promise(() => {})
    },
    read: (options) => {
      const scanner = log.read(options)
      const close = () => {
        // Looks read in larger pieces than what looks for tokens.
        found ||= options.maxBytes < 1 << 20
        return scanner.close()
      }
      return { ready: () => scanner.ready(), next: () => scanner.next(), close }
    },
  }))
  const next = await open({ builder, ...QUIET })
  await next.append(message('other'))
  const ending = new AbortController()
  const given = lostTo(next, token, ending.signal)
  const closed = lostTo(next, token)
  await within(asked.opened)
  assert.deepEqual(await Promise.all([given, closed].map((each) => isPending(each))), [true, true])
  ending.abort(new Error('enough'))
  assert.equal((await given).resumeAt, undefined)
  assert.equal(getEventListeners(ending.signal, 'abort').length, 0)
  assert.equal(await isPending(closed), true, 'the other one goes on')
  const closing = next.close()
  await closed
  await within(closing)
  gates.before.open()
})

test('a lost end rejects the tokens that start there, and the others are answered', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  const kept = gate()
  gates.after = kept
  // It starts from the opening record, and is stored and acknowledged in the end.
  const first = await unknownError(wal.append(message('first'), { timeoutMs: 20 }))
  kept.open()
  gates.after = undefined
  await wal.append(message('acked'))
  gates.before = gate()
  const second = await unknownError(wal.append(message('second'), { timeoutMs: 20 }))
  loseEnd(1)
  const next = await open()
  await next.append(message('other'))
  const outcomes: Promise<AppendResolution>[] = []
  for (const token of [second.token, first.token, second.token]) outcomes.push(next.resolve(token))
  const [one, two, three] = await within(Promise.allSettled(outcomes))
  for (const each of [one, three]) {
    assert.equal(each?.status, 'rejected')
    assert.equal((each as PromiseRejectedResult).reason.code, 'WAL_LOG_ROLLED_BACK')
  }
  assert.equal(two?.status === 'fulfilled' && two.value.outcome, 'written')
  gates.before.open()
})

test('records that a server removed: what lay there can’t be told, and what lies behind is', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  const tokens: string[] = []
  for (const each of ['1', '2', '3']) {
    const answer = gate()
    gates.after = answer
    tokens.push((await unknownError(wal.append(message(each), { timeoutMs: 20 }))).token)
    answer.open()
    gates.after = undefined
    await wal.barrier()
  }
  // The opening record, then each message and a time tick: no truncation point says that the first four are gone.
  storedLog().truncate(5)
  for (const log of [wal, await openReader(), await open()]) {
    const outcomes = await within(Promise.allSettled(tokens.map((token) => log.resolve(token))))
    const told = outcomes.map((each) => (each.status === 'fulfilled' ? each.value.outcome : each.reason.code))
    assert.deepEqual(told, ['WAL_POSITION_TRUNCATED', 'WAL_POSITION_TRUNCATED', 'written'])
  }
})
