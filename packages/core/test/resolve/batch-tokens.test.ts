import assert from 'node:assert/strict'
import { test } from 'vitest'
import { type AppendBatchError, AppendError, type Interceptor } from '../../src/index.js'
import { cleanLogs, collect, message, open, openReader, pause, textOf, texts } from '../harness.js'
import { overMemory } from '../over-memory.js'
import { type Gates, gate, gatedBuilder, idsOf, unknownError } from './gated.js'

cleanLogs()

/** Messages so large that each is a batch of its own. */
const SMALL_BATCHES = { batchBytes: 1024, closeTimeoutMs: 20, timeTickMs: 60_000 }
const large = (name: string) => message(name.padEnd(700, '.'))
const nameOf = (each: { readonly payload: Uint8Array }) => textOf(each).replaceAll('.', '')

test('H131: the token of an appendBatch stands for all its messages: resolve gives the stored ones and says that the others are not', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...SMALL_BATCHES })
  await wal.append(message('before'))
  gates.after = gate()
  // The first message is stored and not answered. The others wait behind it and are never sent.
  const batch = wal.appendBatch(['1', '2', '3'].map(large), { timeoutMs: 30 })
  const { token, results } = (await unknownError(batch)) as AppendBatchError & { token: string }
  assert.equal(results.length, 0)
  const [stored] = (await collect((await openReader()).read({ until: 'end' }))).slice(1)
  const next = await open()
  for (const asked of [next, await openReader()]) {
    const resolution = await asked.resolve(token)
    assert.equal(resolution.outcome, 'partly')
    assert.deepEqual(idsOf(resolution), [stored?.messageId])
  }
  assert.deepEqual((await texts(next.read({ until: 'end' }))).length, 2)
})

test('the results that resolve gives continue those of the error, and their positions lead to the messages', async () => {
  const gates: Gates = {}
  let batches = 0
  const builder = overMemory((log) => ({
    append: async (batch) => {
      const ids = await log.append(batch)
      if (batch.sequence > 1 && ++batches > 2) await gates.after?.opened
      return ids
    },
  }))
  const wal = await open({ builder, ...SMALL_BATCHES })
  await wal.append(message('before'))
  gates.after = gate()
  const names = ['1', '2', '3', '4', '5']
  const error = (await unknownError(
    wal.appendBatch(names.map(large), { timeoutMs: 60 }),
  )) as AppendBatchError & { token: string }
  const certain = error.results.map(({ messageId }) => messageId)
  assert.ok(certain.length > 0, 'nothing of the batch was acknowledged')
  const next = await open()
  const resolution = await next.resolve(error.token)
  const stored = (await collect(next.read({ until: 'end' }))).slice(1)
  assert.deepEqual(
    [...certain, ...idsOf(resolution)],
    stored.map(({ messageId }) => messageId),
  )
  assert.ok(resolution.outcome === 'partly')
  for (const [i, { position, vchannel }] of resolution.results.entries()) {
    assert.equal(vchannel, '')
    const [from] = await collect(next.read({ from: position, until: 'end' }))
    assert.equal(nameOf(from as never), names[certain.length + i])
    const after = await collect(next.read({ after: position, until: 'end' }))
    assert.equal(after.length, stored.length - certain.length - i - 1)
  }
})

test('resolve tells a batch that was stored whole from one that was never stored', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), closeTimeoutMs: 20, timeTickMs: 60_000 })
  await wal.append(message('before'))
  gates.after = gate()
  const whole = await unknownError(
    wal.appendBatch(
      ['1', '2', '3'].map((each) => message(each)),
      { timeoutMs: 30 },
    ),
  )
  gates.after.open()
  delete gates.after
  await wal.append(message('between'))
  gates.before = gate()
  const none = await unknownError(
    wal.appendBatch(
      ['4', '5'].map((each) => message(each)),
      { timeoutMs: 30 },
    ),
  )
  const next = await open()
  const stored = await collect(next.read({ until: 'end' }))
  assert.deepEqual(stored.map(textOf), ['before', '1', '2', '3', 'between'])
  const resolution = await next.resolve(whole.token)
  assert.equal(resolution.outcome, 'written')
  assert.deepEqual(
    idsOf(resolution),
    stored.slice(1, 4).map(({ messageId }) => messageId),
  )
  assert.deepEqual(await next.resolve(none.token), { outcome: 'not-written' })
})

test('resolve does not take time ticks and other appends between a batch’s messages for messages of the batch', async () => {
  const gates: Gates = {}
  const slow: Interceptor = {
    name: 'slow on some',
    append: async (append, next) => {
      if (textOf(append.message).startsWith('slow')) await pause(10)
      return next(append.message)
    },
  }
  const wal = await open({ builder: gatedBuilder(gates), interceptors: [slow], closeTimeoutMs: 20 })
  await wal.append(message('before'))
  gates.after = gate()
  const others: Promise<unknown>[] = []
  const batch = wal.appendBatch(
    ['1', 'slow 2', '3', 'slow 4'].map((each) => message(each, { vchannel: 'mine' })),
    { timeoutMs: 200 },
  )
  for (let i = 0; i < 8; i++) {
    others.push(wal.append(message('other', { vchannel: `other${i}` })).catch(() => {}))
    await pause(3)
  }
  const { token, results } = (await unknownError(batch)) as AppendBatchError & { token: string }
  await wal.close()
  await Promise.all(others)
  const next = await open()
  const stored = (await collect(next.read({ until: 'end' }))).filter(({ vchannel }) => vchannel === 'mine')
  const resolution = await next.resolve(token)
  assert.deepEqual(
    [...results.map(({ messageId }) => messageId), ...idsOf(resolution)],
    stored.map(({ messageId }) => messageId),
  )
  // The call's messages are in several batches, with other messages between them. Only the first batch was sent.
  assert.ok(stored.length >= 1)
  assert.equal(resolution.outcome, stored.length === 4 ? 'written' : 'partly')
})

test('an appendBatch of which a message was stored behind a refused one has no token, since no resolution could say that', async () => {
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (batch.messages.some(({ payload }) => nameOf({ payload }) === 'bad'))
        throw new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' })
      return log.append(batch)
    },
  }))
  const wal = await open({ builder, ...SMALL_BATCHES })
  const error: AppendBatchError = await wal.appendBatch(['1', 'bad', '3'].map(large)).then(
    () => assert.fail('it was acknowledged'),
    (reason) => reason,
  )
  assert.equal(error.results.length, 1)
  assert.equal(error.outcome, 'unknown')
  assert.equal(error.token, undefined)
})
