import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import { AppendError, outcomeOf, propertyOf, RESERVED, WalError } from '@wal/walimpls'
import { onTestFinished, test } from 'vitest'
import type { Seal } from '../src/append/seal/seal.js'
import { SEALS } from '../src/append/seal/seals.js'
import { cleanLogs, faulty, message, open, pause, textOf, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { rawLog } from './raw-log.js'

cleanLogs()

/** Registers these seals until the test ends. */
function withSeals(...seals: readonly Seal[]): void {
  const all = SEALS as Seal[]
  all.push(...seals)
  onTestFinished(() => {
    all.splice(0)
  })
}

/**
 * A seal that makes one record of each character of a message that begins with "/", and marks it with a property of the
 * library.
 */
const splitting: Seal = {
  seal({ payload }) {
    const text = textOf({ payload })
    if (!text.startsWith('/')) return undefined
    const parts = [...text.slice(1)]
    return {
      records: parts.map((part, i) => ({
        payload: Buffer.from(part),
        properties: ['_ci', String(i), '_ct', String(parts.length)],
      })),
    }
  },
}

const refusing: Seal = {
  seal: ({ payload }) =>
    textOf({ payload }).startsWith('no')
      ? { refuse: new WalError('WAL_INVALID_ARGUMENT', 'the seal does not like it') }
      : undefined,
}

/** The stored records, without the opening record and the time ticks: their texts, time ticks and ids. */
async function stored(): Promise<{ text: string; timeTick: bigint; id: string; lastConfirmed: string }[]> {
  const raw = await rawLog()
  const { messageIds } = memoryBuilder()
  const found = (await raw.all()).filter(({ properties }) => propertyOf(properties, RESERVED.type) !== '1')
  return found.map(({ id, payload, properties }) => ({
    text: textOf({ payload }),
    timeTick: BigInt(parseBase36(propertyOf(properties, RESERVED.timeTick) ?? '')),
    id: messageIds.serialise(id as never),
    lastConfirmed: propertyOf(properties, RESERVED.lastConfirmed) ?? '',
  }))
}

function parseBase36(text: string): bigint {
  return [...text].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n)
}

const QUIET = { timeTickMs: 60_000 } as const

test('a message that a seal refuses is not written, and no time tick is spent on it', async () => {
  withSeals(refusing)
  const wal = await open(QUIET)
  const [first, refused, second] = [message('1'), message('no'), message('2')].map((each) => wal.append(each))
  const error = await (refused as Promise<unknown>).catch((reason: unknown) => reason)
  assert.equal((error as WalError).code, 'WAL_INVALID_ARGUMENT')
  assert.match((error as WalError).message, /does not like it/)
  assert.equal(outcomeOf(error), 'not-written')
  assert.equal((await second)?.timeTick, ((await first) as { timeTick: bigint }).timeTick + 1n)
  // The batch holds nothing else, so nothing is sent, and no caller waits for it.
  await assert.rejects(wal.append(message('no, too')), { outcome: 'not-written' })
  await within(wal.close())
  assert.deepEqual(
    (await stored()).map(({ text }) => text),
    ['1', '2'],
  )
})

test('a message of several records settles with the last, under the id of the first', async () => {
  withSeals(splitting)
  const wal = await open(QUIET)
  const results = await Promise.all(['x', '/abc', 'y'].map((text) => wal.append(message(text))))
  const records = await stored()
  assert.deepEqual(
    records.map(({ text }) => text),
    ['x', 'a', 'b', 'c', 'y'],
  )
  const first = records[0]?.timeTick as bigint
  assert.deepEqual(
    records.map(({ timeTick }) => timeTick - first),
    [0n, 1n, 2n, 3n, 4n],
  )
  assert.deepEqual(
    results.map(({ timeTick, messageId }) => ({ timeTick: timeTick - first, messageId })),
    [0, 1, 4].map((at, i) => ({ timeTick: [0n, 3n, 4n][i], messageId: records[at]?.id })),
  )
  // A reader that starts at this position is given all records of the message.
  const before = new Set(records.slice(1, 4).map(({ lastConfirmed }) => lastConfirmed))
  assert.equal(before.size, 1)
  assert.ok(![...before].includes(''))
  assert.deepEqual([records[0]?.lastConfirmed, records[4]?.lastConfirmed], ['', ''])
})

test('its records go into as many batches as they need, and those behind it follow', async () => {
  withSeals(splitting)
  const batches: string[] = []
  const builder = overMemory((log) => ({
    limits: { ...log.limits, maxBatchMessages: 3 },
    append: (batch) => {
      if (batch.sequence > 0) batches.push(batch.messages.map(textOf).join(''))
      return log.append(batch)
    },
  }))
  const wal = await open({ ...QUIET, builder })
  const results = await Promise.all(['x', '/abcdefg', 'y', 'z'].map((text) => wal.append(message(text))))
  assert.deepEqual(batches, ['xab', 'cde', 'fg', 'yz'])
  const records = await stored()
  const ticks = records.map(({ timeTick }) => timeTick)
  assert.equal((ticks[7] as bigint) - (ticks[1] as bigint), 6n, 'consecutive over batches')
  assert.ok(ticks.every((tick, i) => i === 0 || tick > (ticks[i - 1] as bigint)))
  assert.deepEqual(
    results.map(({ messageId }) => messageId),
    [0, 1, 8, 9].map((i) => records[i]?.id),
  )
  assert.equal(results[1]?.timeTick, ticks[7])
})

test('a batch that fails is sent again with the same records, and the message is stored once', async () => {
  withSeals(splitting)
  const backend = faulty()
  const wal = await open({ ...QUIET, builder: backend.builder, batchBytes: 1024 })
  backend.plan = { script: { append: { 1: 'write-then-fail', 2: 'fail' } } }
  const results = await Promise.all(['/abcdefghijkl', 'x'].map((text) => wal.append(message(text))))
  const texts = (await stored()).map(({ text }) => text).join('')
  assert.match(texts, /^(abcdef)?abcdefghijklx$/)
  assert.ok((results[0]?.timeTick as bigint) < (results[1]?.timeTick as bigint))
})

test('whose wait ends between its batches gets a token that says what becomes of all of it', async () => {
  withSeals(splitting)
  const backend = faulty()
  const builder = backend.builder
  const wal = await open({ ...QUIET, builder, batchBytes: 1024 })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const error = await wal
    .append(message('/abcdefghijkl'), { timeoutMs: 30 })
    .catch((reason: unknown) => reason)
  assert.ok(error instanceof AppendError)
  assert.equal(error.outcome, 'unknown')
  const behind = wal.append(message('x'))
  backend.letGo()
  await behind
  const resolution = await wal.resolve(error.token as string)
  assert.equal(resolution.outcome, 'written')
  const records = await stored()
  assert.equal(resolution.outcome === 'written' && resolution.results[0]?.timeTick, records[11]?.timeTick)
  assert.equal(records.map(({ text }) => text).join(''), 'abcdefghijklx')
})

test('once its first batch is refused for good, the rest of a message is not stored', async () => {
  withSeals(splitting)
  const builder = overMemory((log) => ({
    limits: { ...log.limits, maxBatchMessages: 3, maxInFlightBatches: 1 },
    append: (batch) =>
      batch.messages.some((each) => textOf(each) === 'a')
        ? Promise.reject(new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' }))
        : log.append(batch),
  }))
  const wal = await open({ ...QUIET, builder })
  const refused = wal.append(message('/abcdefgh'))
  const behind = wal.append(message('y'))
  await assert.rejects(refused, { code: 'WAL_MESSAGE_TOO_LARGE', outcome: 'not-written' })
  await within(behind)
  assert.deepEqual(
    (await stored()).map(({ text }) => text),
    ['y'],
  )
  await within(wal.close())
})

test('what a seal makes goes through the seals behind it, and a refusal there takes back all of the message', async () => {
  const seen: string[] = []
  const watching: Seal = {
    seal({ payload, slab, gap }) {
      seen.push(textOf({ payload }))
      // The record has got its time tick, term and incarnation by now.
      assert.equal(slab.subarray(gap + 1, gap + 3).toString(), '_v')
      return textOf({ payload }) === '!' ? { refuse: new Error('not this one') } : undefined
    },
  }
  withSeals(splitting, watching)
  const wal = await open(QUIET)
  const [first, refused, second] = ['x', '/ab!', 'y'].map((text) => wal.append(message(text)))
  await assert.rejects(refused as Promise<unknown>, /not this one/)
  assert.equal((await second)?.timeTick, ((await first) as { timeTick: bigint }).timeTick + 1n)
  assert.deepEqual(seen, ['x', 'a', 'b', '!', 'y'])
  assert.deepEqual(
    (await stored()).map(({ text }) => text),
    ['x', 'y'],
  )
})

test('a seal sees payload, vchannel and properties as they were given', async () => {
  const seen: unknown[] = []
  withSeals({
    seal({ payload, vchannel, type, properties }) {
      seen.push([textOf({ payload }), vchannel, type, properties])
      return undefined
    },
  })
  const wal = await open(QUIET)
  const properties = new Map([
    ['kind', 'created'],
    ['über', '界'.repeat(200)],
  ])
  await wal.append(message('x', { vchannel: 'eu', properties, type: 12_345 }))
  await wal.append(message('y'))
  assert.deepEqual(seen, [
    ['x', 'eu', 12_345, [...properties].flat()],
    ['y', '', 1000, []],
  ])
})

test('a seal that throws refuses its message, and no other', async () => {
  withSeals({
    seal({ payload }) {
      if (textOf({ payload }) === 'bad') throw new Error('broken seal')
      return undefined
    },
  })
  const wal = await open(QUIET)
  const appends = ['x', 'bad', 'y'].map((text) => wal.append(message(text)))
  const outcomes = await within(Promise.allSettled(appends))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await assert.rejects(appends[1] as Promise<unknown>, { message: /broken seal/, outcome: 'not-written' })
})

test('seals never see a time tick of the log', async () => {
  const types: number[] = []
  withSeals({
    seal({ type }) {
      types.push(type)
      return undefined
    },
  })
  const wal = await open({ timeTickMs: 5 })
  await wal.append(message('x'))
  await wal.barrier()
  await pause(20)
  assert.deepEqual(types, [1000])
})
