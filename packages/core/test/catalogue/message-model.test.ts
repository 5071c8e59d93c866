import assert from 'node:assert/strict'
import { encodeInt64, encodeUint64, parseInt64, parseUint64, readEnvelope } from '@wal/walimpls'
import { test } from 'vitest'
import { bytes, cleanLogs, collect, message, open } from '../harness.js'

cleanLogs()

test('H1: time ticks of 0, 35, 36 and 2^64 − 1 are written and read in base 36, and terms with a sign', () => {
  const ticks: [bigint, string][] = [
    [0n, '0'],
    [35n, 'z'],
    [36n, '10'],
    [2n ** 64n - 1n, '3w5e11264sgsf'],
  ]
  for (const [value, text] of ticks) {
    assert.equal(encodeUint64(value), text)
    assert.equal(parseUint64(text), value)
    const record = ['_v', '1', '_t', '1000', '_tt', text, '_wt', '-2', '_lcs', '']
    assert.equal(readEnvelope(record, () => 'here').timeTick, value)
    assert.equal(readEnvelope(record, () => 'here').term, -2)
  }
  assert.equal(encodeInt64(-2n), '-2')
  assert.equal(parseInt64('-2'), -2n)
  assert.equal(parseUint64(`${encodeUint64(2n ** 64n - 1n)}0`), undefined)
})

test('H2: a record has _lc or _lcs, never both, and a change by the caller after the call is not in the log', async () => {
  const both = ['_v', '1', '_t', '1000', '_tt', 'a', '_lc', 'z', '_lcs', '']
  for (const record of [both, [...both.slice(0, 6), '_lcs', '', '_lc', 'z']])
    assert.throws(() => readEnvelope(record, () => 'here'), { code: 'WAL_CORRUPT' })
  const wal = await open()
  const payload = bytes('before')
  const properties = new Map([['key', 'before']])
  const appended = wal.append({ payload, properties })
  payload.fill(0)
  properties.set('key', 'after')
  properties.set('more', 'after')
  await appended
  const [first] = await collect(wal.read({ until: 'end' }))
  assert.equal(Buffer.from(first?.payload ?? []).toString(), 'before')
  assert.deepEqual([...(first?.properties ?? [])], [['key', 'before']])
  // When one reader changes a message, another reader must not see the change.
  first?.payload.fill(0)
  first?.properties.clear()
  const [again] = await collect(wal.read({ until: 'end' }))
  assert.equal(Buffer.from(again?.payload ?? []).toString(), 'before')
})

test('H3: an application cannot append a time tick, a system type or a reserved key', async () => {
  const wal = await open()
  for (const type of [1, 900, 901, 902, 999])
    await assert.rejects(wal.append(message('x', { type })), { code: 'WAL_INVALID_ARGUMENT' })
  await assert.rejects(wal.append(message('x', { properties: new Map([['_np', '']]) })), {
    code: 'WAL_INVALID_ARGUMENT',
  })
  for (const types of [[1], [900], [1000, 999]])
    assert.throws(() => wal.read({ types }), { code: 'WAL_INVALID_ARGUMENT' })
})
