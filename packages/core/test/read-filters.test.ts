import assert from 'node:assert/strict'
import { test } from 'vitest'
import { MESSAGE_TYPE, type ReadOptions } from '../src/index.js'
import { cleanLogs, message, open, openReader, texts } from './harness.js'

cleanLogs()

const TYPE = { type: 5000 }
const OTHER = { type: 6000 }

test('H25: D.9.3 filters by vchannel, type and time tick apply together, on writers and readers', async () => {
  const wal = await open()
  const results = await wal.appendBatch([
    message('1', { vchannel: 'a', ...TYPE }),
    message('2', { vchannel: 'b', ...TYPE }),
    message('3', { ...TYPE }),
    message('4', { vchannel: 'a', ...OTHER }),
    message('5', { vchannel: 'a' }),
    message('6', { vchannel: 'a', ...TYPE }),
  ])
  const tick = (i: number) => results[i]?.timeTick as bigint
  const cases: [ReadOptions, string[]][] = [
    [{ vchannel: 'a' }, ['1', '3', '4', '5', '6']],
    [{ types: [5000] }, ['1', '2', '3', '6']],
    [{ types: [6000, MESSAGE_TYPE.Record] }, ['4', '5']],
    [{ types: [5000], vchannel: 'a' }, ['1', '3', '6']],
    [{ timeTickFrom: tick(2) + 1n }, ['4', '5', '6']],
    [{ timeTickFrom: tick(2) }, ['3', '4', '5', '6']],
    [{ timeTickFrom: tick(1), types: [5000], vchannel: 'a' }, ['3', '6']],
    [{ timeTickFrom: tick(5) + 1n }, []],
  ]
  const reader = await openReader()
  for (const log of [wal, reader])
    for (const [options, expected] of cases)
      assert.deepEqual(await texts(log.read({ ...options, until: 'end' })), expected)
})

test('filters by time tick apply to time tick marks too, and filters by type never drop them', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('1'))
  const first = await wal.barrier()
  await wal.append(message('2'))
  const second = await wal.barrier()
  const marks = async (options: ReadOptions) => {
    const seen: bigint[] = []
    for await (const each of wal.read({ ...options, timeTicks: true, until: 'end' }))
      if (each.kind === 'timeTick') seen.push(each.timeTick)
    return seen
  }
  assert.deepEqual((await marks({})).slice(-2), [first, second])
  assert.deepEqual(await marks({ timeTickFrom: first + 1n }), [second])
  assert.deepEqual(await marks({ timeTickFrom: first }), [first, second])
  assert.deepEqual(await marks({ timeTickFrom: first, types: [5000] }), [first, second])
})

test('H3: a bad filter is refused before anything is read, with an error that says what is allowed', async () => {
  const wal = await open()
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ types: [MESSAGE_TYPE.TimeTick] }, /TimeTick is\. Such records are always read/],
    [{ types: [5000, 900] }, /BeginTxn/],
    [{ types: [901] }, /CommitTxn/],
    [{ types: [] }, /at least one/],
    [{ types: 5000 }, /list/],
    [{ types: new Set([5000]) }, /list/],
    [{ types: ['5000'] }, /integer/],
    [{ types: [1.5] }, /integer/],
    [{ types: [-1] }, /integer/],
    [{ types: [2 ** 31] }, /integer/],
    [{ timeTickFrom: 5 }, /timeTickFrom.*bigint/],
    [{ timeTickFrom: '5' }, /timeTickFrom.*bigint/],
    [{ timeTickFrom: -1n }, /from 0/],
    [{ timeTickFrom: 1n << 64n }, /2\^64/],
    [{ until: -1n }, /until/],
    [{ gaps: true }, /gaps.*"reject" or "deliver"/],
    [{ gaps: 'skip' }, /gaps/],
    [{ orderViolations: 'drop' }, /orderViolations.*"reject" or "deliver"/],
    [{ toString: 1 }, /Options: after, deliver/],
  ]
  for (const [options, text] of bad)
    assert.throws(() => wal.read(options as ReadOptions), { code: 'WAL_INVALID_ARGUMENT', message: text })
  // A filter that is undefined does nothing.
  assert.deepEqual(await texts(wal.read({ until: 'end', types: undefined, gaps: undefined } as never)), [])
})
