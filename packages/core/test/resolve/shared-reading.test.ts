import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'vitest'
import { cleanLogs, isPending, message, open, openReader, pause, turn, within } from '../harness.js'
import { type Gates, gate, gatedBuilder, idsOf, unknownError } from './gated.js'

cleanLogs()
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const QUIET = { timeTickMs: 60_000, closeTimeoutMs: 20, budgetBytes: 128 << 20 }

/** A writer with appends in flight whose callers gave up, and their tokens. */
async function givenUp(gates: Gates, where: 'before' | 'after', count: number) {
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  const hanging = gate()
  gates[where] = hanging
  const given = new AbortController()
  gates.records = 0
  const errors = Array.from({ length: count }, () =>
    unknownError(wal.append({ payload: new Uint8Array(100) }, { signal: given.signal })),
  )
  while ((gates.records ?? 0) < count) await pause(1)
  given.abort(new Error('enough'))
  const tokens = (await Promise.all(errors)).map(({ token }) => token)
  gates[where] = undefined
  gates.scanners = 0
  gates.records = 0
  return { wal, tokens, letGo: () => hanging.open() }
}

async function shared(where: 'before' | 'after'): Promise<void> {
  const gates: Gates = {}
  const { wal, tokens, letGo } = await givenUp(gates, where, 10_000)
  const resolving = Promise.all(tokens.map((token) => wal.resolve(token)))
  if (where === 'before') assert.equal(await isPending(resolving, 100), true)
  letGo()
  const resolutions = await within(resolving, 20_000)
  assert.ok(resolutions.every(({ outcome }) => outcome === 'written'))
  assert.equal(new Set(resolutions.flatMap(idsOf)).size, tokens.length)
  assert.equal(gates.scanners, 1)
  // The appends in flight were made before. After so many bytes the writer stores a time tick by itself.
  assert.ok((gates.records ?? 0) <= 3, `${gates.records} time ticks`)
}

test(
  'H135: 10,000 tokens of stored messages are resolved by one read and one time tick',
  () => shared('after'),
  60_000,
)

test(
  '10,000 tokens of messages that are stored later are resolved by one read and one time tick',
  () => shared('before'),
  60_000,
)

test('10,000 tokens of messages that are never stored are resolved by one read and one time tick', async () => {
  const gates: Gates = {}
  const { tokens, letGo } = await givenUp(gates, 'before', 1000)
  const next = { scanners: 0, records: 0 }
  const successor = await open({ builder: gatedBuilder(next), ...QUIET })
  next.scanners = 0
  next.records = 0
  const resolutions = await within(Promise.all(tokens.map((token) => successor.resolve(token))), 20_000)
  assert.ok(resolutions.every(({ outcome }) => outcome === 'not-written'))
  assert.deepEqual(next, { scanners: 1, records: 0 })
  letGo()
})

test('a read-only WAL resolves all its tokens by one read, which waits for the writer’s next record', async () => {
  const gates: Gates = {}
  const { wal, tokens, letGo } = await givenUp(gates, 'before', 1000)
  const reader = await openReader()
  const waiting = Promise.all(tokens.map((token) => reader.resolve(token)))
  assert.equal(await isPending(waiting, 50), true)
  letGo()
  assert.ok((await within(waiting, 20_000)).every(({ outcome }) => outcome === 'written'))
  await wal.close()
})

test('tokens that come while others wait at the log’s end are resolved, whether their search starts behind that end or before', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  const early: string[] = []
  for (const each of ['1', '2', '3']) {
    const answer = gate()
    gates.after = answer
    early.push((await unknownError(wal.append(message(each), { timeoutMs: 20 }))).token)
    answer.open()
    gates.after = undefined
    await wal.append(message('between'))
  }
  gates.before = gate()
  const late = await unknownError(wal.append(message('late'), { timeoutMs: 20 }))
  const reader = await openReader()
  for (const log of [wal, reader]) {
    const standing = log.resolve(late.token)
    assert.equal(await isPending(standing), true)
    // Their search starts before the record that was read last.
    const behind = await within(Promise.all([...early].reverse().map((token) => log.resolve(token))))
    assert.deepEqual(
      behind.map(({ outcome }) => outcome),
      ['written', 'written', 'written'],
    )
    assert.equal(await isPending(standing, 1), true, 'the one that waited went on waiting')
    const again = log.resolve(late.token)
    assert.equal(await isPending(again), true)
    if (log === wal) continue
    gates.before.open()
    for (const each of [standing, again]) assert.equal((await within(each)).outcome, 'written')
  }
})

test('the log is not read once more for each token whose search starts before the record that was read last', async () => {
  const gates: Gates = {}
  const { wal, tokens, letGo } = await givenUp(gates, 'after', 2000)
  letGo()
  gates.before = gate()
  const late = await unknownError(wal.append(message('late'), { timeoutMs: 20 }))
  const standing = wal.resolve(late.token)
  assert.equal(await isPending(standing), true)
  gates.scanners = 0
  const resolving: Promise<unknown>[] = []
  for (const token of tokens) {
    resolving.push(wal.resolve(token))
    if (resolving.length % 4 === 0) await turn()
  }
  await within(Promise.all(resolving), 20_000)
  assert.ok((gates.scanners ?? 0) < 250, `${gates.scanners} readings for 500 arrivals`)
  gates.before.open()
  await within(standing)
}, 60_000)

test('G15 tokens that were given up leave memory, also when another one still waits', async () => {
  const gates: Gates = {}
  const { wal, tokens, letGo } = await givenUp(gates, 'before', 1)
  const reader = await openReader()
  const standing = reader.resolve(tokens[0] as string)
  assert.equal(await isPending(standing), true)
  const kept: WeakRef<AbortSignal>[] = []
  for (let i = 0; i < 2000; i++) {
    const giving = new AbortController()
    const waiting = reader.resolve(tokens[0] as string, { signal: giving.signal })
    // By then the read has come to the log's end, where every token waits.
    if (i % 50 === 0) await pause(1)
    if (i >= 800 && i < 1800) kept.push(new WeakRef(giving.signal))
    giving.abort(new Error('enough'))
    await assert.rejects(waiting, { message: 'enough' })
  }
  for (let i = 0; i < 3; i++) {
    await turn()
    collectGarbage()
  }
  const left = kept.filter((each) => each.deref() !== undefined).length
  assert.ok(left < 100, `${left} of 1000 are kept`)
  letGo()
  assert.equal((await within(standing)).outcome, 'written')
  await wal.close()
})
