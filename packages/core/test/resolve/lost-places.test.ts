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

/** The memory store itself, without a backend in between. */
function storedLog(): StoredLog {
  const key = Symbol.for('@wal/walimpls/memory')
  type Stores = Map<string, Map<string, StoredLog>>
  const log = (globalThis as unknown as Record<symbol, Stores>)[key]?.get('default')?.get('log')
  assert.ok(log !== undefined)
  return log
}

/** Plays a failover to a copy without the log's last records. Their ids are given out again. */
function loseEnd(count: number): void {
  const log = storedLog()
  log.records.splice(log.records.length - count, count)
  log.batches.clear()
}

/** Messages so large that a second batch is sent while the first is in flight. */
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
  // Both messages are sent behind the one before. Then the first of the two is acknowledged.
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
  // Nothing is known any more of the records below the truncation point.
  await next.truncate((await next.append(message('later'))).position)
  await assert.rejects(within(next.resolve(token)), { code: 'WAL_POSITION_TRUNCATED' })
  hanging.open()
}

test('H133: a token of stored messages is resolved when the record at which its search starts was truncated', () =>
  answeredAbove(true))

test('a token of messages that were not stored is resolved when the record at which its search starts was truncated', () =>
  answeredAbove(false))

test('a newer writer’s truncation point proves that the older writer’s messages above it are not written', async () => {
  let aheadMs = 300_000
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + aheadMs }
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), runtime, ...QUIET })
  await wal.append(message('before'))
  gates.before = gate()
  // This time tick is far above the first one of the next writer.
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

/** The error of a resolve in a log that lost the record at which the search starts. */
async function lostTo(wal: ReadOnlyWAL, token: string, signal?: AbortSignal): Promise<LogRolledBackError> {
  const error: LogRolledBackError = await within(wal.resolve(token, signal && { signal })).then(
    ({ outcome }) => assert.fail(outcome),
    (reason) => reason,
  )
  assert.equal(error.code, 'WAL_LOG_ROLLED_BACK', error.message)
  return error
}

test('H134: when the log lost the record at which a token’s search starts, resolve rejects instead of waiting', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  await wal.append(message('before'))
  gates.before = gate()
  const { token } = await unknownError(wal.append(message('x'), { timeoutMs: 20 }))
  loseEnd(1)
  const reader = await openReader()
  await lostTo(reader, token)
  await lostTo(wal, token)
  // New records get the same ids.
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

test('the signal of a resolve, and close, do not wait for the search of the place where reading goes on', async () => {
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

test('a lost end rejects only the tokens whose search starts in it', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  const kept = gate()
  gates.after = kept
  // The search for this token starts at the opening record. Its append is stored and acknowledged at the end.
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

test('when a server removed records, tokens of messages there reject, and tokens of messages behind are resolved', async () => {
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
  // The log has an opening record, then messages and time ticks. No truncation point says that the first four are gone.
  storedLog().truncate(5)
  for (const log of [wal, await openReader(), await open()]) {
    const outcomes = await within(Promise.allSettled(tokens.map((token) => log.resolve(token))))
    const told = outcomes.map((each) => (each.status === 'fulfilled' ? each.value.outcome : each.reason.code))
    assert.deepEqual(told, ['WAL_POSITION_TRUNCATED', 'WAL_POSITION_TRUNCATED', 'written'])
  }
})
