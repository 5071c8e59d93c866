import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import {
  encodeInt64,
  encodeUint64,
  type MessageIdCodec,
  type PositionTruncatedError,
  type StoredMessage,
  systemRuntime,
} from '@wal/walimpls'
import { test } from 'vitest'
import type { LogView } from './log-view.js'
import { readRange } from './read-range.js'

const ids = memoryBuilder().messageIds as MessageIdCodec

/** Record `n`, which names the time tick `tick`. */
function record(n: number, tick = ''): StoredMessage {
  const properties = ['_v', '1', '_t', '1000', '_wt', encodeInt64(1n), '_wi', 'a']
  properties.push('_tt', encodeUint64(BigInt(n)), '_lcs', '', '_pt', tick)
  return { id: ids.parse(String(n)), payload: Buffer.from(''), properties }
}

/** Reads a log whose fake backend gives these records, from record `from` on. */
async function read(records: readonly StoredMessage[], from?: string) {
  const pages = [records, []]
  const scanner = { ready: async () => {}, next: async () => pages.shift(), close: async () => {} }
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const log = { read: () => scanner, last: async () => undefined }
  const view: LogView = { where: 'the log', ids, log, logger, runtime: systemRuntime, signal: undefined }
  const seen: string[] = []
  const start = from === undefined ? 'oldest' : { from: ids.parse(from) }
  const error = await readRange(view, {
    start,
    end: undefined,
    see: ({ id }) => seen.push(ids.serialise(id)),
  }).then(
    () => undefined,
    (reason: PositionTruncatedError) => reason,
  )
  return { seen, oldest: error?.oldest, code: error?.code }
}

const whole = { oldest: undefined, code: undefined }
const missing = (oldest: string) => ({ oldest, code: 'WAL_POSITION_TRUNCATED' })

test('a look that passes over a time tick ends before the record that names the time tick', async () => {
  assert.deepEqual(await read([record(1), record(2), record(6, '4'), record(7, '4')]), {
    seen: ['1', '2'],
    ...missing('6'),
  })
})

test('a look whose first record names a time tick above its start ends before that record', async () => {
  assert.deepEqual(await read([record(6, '4')], '3'), { seen: [], ...missing('6') })
  assert.deepEqual(await read([record(6, '3')], '3'), { seen: ['6'], ...whole })
  assert.deepEqual(await read([record(6, '4')]), { seen: ['6'], ...whole })
})

test('a time tick that was read, or that lies behind the record which names it, shows no missing record', async () => {
  const late = record(5, '1')
  assert.deepEqual(await read([record(1), record(3, '1'), late, record(6, '3'), record(8, '6')]), {
    seen: ['1', '3', '5', '6', '8'],
    ...whole,
  })
  assert.deepEqual(await read([record(1), record(2, '7'), record(3, '2')]), {
    seen: ['1', '2', '3'],
    ...whole,
  })
})
