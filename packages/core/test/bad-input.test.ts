import assert from 'node:assert/strict'
import { test } from 'vitest'
import { openWal } from '../src/index.js'
import { cleanLogs, message, open, openReader, texts } from './harness.js'

cleanLogs()

const invalid = { code: 'WAL_INVALID_ARGUMENT', name: 'WalError' }

test('G20 an open refuses bad channel names, terms and options', async () => {
  const options: unknown[] = [
    undefined,
    null,
    'orders',
    {},
    ...['', 'A', '../x', 'a/b', 'a.b', '_a', '-a', 'con', 'lpt1', 'a'.repeat(201), 'ä', 'a b', 5, null].map(
      (channel) => ({ channel }),
    ),
    ...[-1, 1.5, Number.NaN, 2 ** 53, '3', 'last', null, 3n].map((term) => ({ channel: 'a', term })),
    { channel: 'a', accessMode: 'w' },
    { channel: 'a', accessMode: 'ro', term: 3 },
    { channel: 'a', budgetBytes: 5 },
    { channel: 'a', batchBytes: '5' },
    { channel: 'a', lingerMs: -1 },
    { channel: 'a', openTimeoutMs: 0 },
    { channel: 'a', openTimeoutMs: Number.NaN },
    { channel: 'a', unknownOption: 1 },
    { channel: 'a', interceptors: 'none' },
    { channel: 'a', interceptors: [{}] },
    { channel: 'a', logger: {} },
    { channel: 'a', backend: { unheardOf: 1 } },
  ]
  for (const each of options)
    await assert.rejects(
      openWal('memory:', each as never),
      invalid,
      JSON.stringify(each, (_, v) => String(v)),
    )
  for (const url of ['', 'memory', 'Memory:', 'memory:?unheard=1', 5, undefined])
    await assert.rejects(openWal(url as never, { channel: 'a' }), invalid, String(url))
  await assert.rejects(openWal('nosuch:', { channel: 'a' }), { code: 'WAL_BACKEND_NOT_REGISTERED' })
  await assert.rejects(openReader({ channel: 'a' }), { code: 'WAL_CHANNEL_NOT_FOUND' })
})

test('G20 append refuses bad messages and options', async () => {
  const wal = await open()
  const payload = new Uint8Array(1)
  const messages: unknown[] = [
    undefined,
    null,
    'text',
    {},
    { payload: 'text' },
    { payload: [1] },
    { payload: new DataView(new ArrayBuffer(1)) },
    { payload, vchannel: 5 },
    { payload, vchannel: 'v'.repeat(1025) },
    { payload, vchannel: '\ud800' },
    { payload, properties: { a: 'b' } },
    { payload, properties: new Map([['_tt', '1']]) },
    { payload, properties: new Map([['_mine', '1']]) },
    { payload, properties: new Map([['', '1']]) },
    { payload, properties: new Map([['a', 1]]) },
    { payload, properties: new Map([[1, 'a']]) },
    { payload, properties: new Map([['a', '\udc00']]) },
    { payload, properties: new Map([['\ud83d', 'a']]) },
    ...[0, 1, 4, 900, 901, 902, 999, -1, 1.5, 2 ** 31, '1000', Number.NaN].map((type) => ({ payload, type })),
  ]
  for (const each of messages) {
    await assert.rejects(wal.append(each as never), invalid, JSON.stringify(each))
    await assert.rejects(wal.appendBatch([message('fine'), each as never]), { code: 'WAL_INVALID_ARGUMENT' })
    await assert.rejects(wal.appendAll([each as never]).next(), invalid)
  }
  const options: unknown[] = [
    { timeoutMs: 0 },
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN },
    { timeoutMs: '5' },
    { timeoutMs: 2 ** 31 },
    { timeout: 5 },
    { signal: {} },
  ]
  for (const each of options) {
    await assert.rejects(wal.append(message('fine'), each as never), invalid)
    await assert.rejects(wal.appendBatch([message('fine')], each as never), { code: 'WAL_INVALID_ARGUMENT' })
  }
  await assert.rejects(wal.appendBatch('abc' as never), invalid)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), [])
})

test('G20 read refuses bad options and positions', async () => {
  const wal = await open()
  const { position } = await wal.append(message('a'))
  const options: unknown[] = [
    { from: position, after: position },
    { from: position, deliver: 'all' },
    { deliver: 'earliest' },
    { until: 5 },
    { until: 'start' },
    { from: 5 },
    { from: '' },
    { from: 'wal1' },
    { from: `${position}:x` },
    { from: position.slice(0, -20) },
    { vchannel: 5 },
    { timeTicks: 'yes' },
    { tail: true },
    { signal: {} },
    'all',
  ]
  for (const each of options) assert.throws(() => wal.read(each as never), invalid, JSON.stringify(each))
  assert.throws(() => wal.read({ from: position.replace('wal1', 'wal2') }), { code: 'WAL_SPEC_UNSUPPORTED' })
  await assert.rejects(wal.truncate('x'), invalid)
  await assert.rejects(wal.truncate(undefined as never), invalid)
  await assert.rejects(wal.truncate(5 as never), invalid)
})

test('G20 barrier and appendAll check their options as append does', async () => {
  const wal = await open()
  for (const options of [{ timeoutMS: 1 }, { signal: 5 }, { timeoutMs: 0 }]) {
    await assert.rejects(wal.barrier(options as object), { code: 'WAL_INVALID_ARGUMENT' })
    const load = async () => {
      for await (const _ of wal.appendAll([message('a')], options as object));
    }
    await assert.rejects(load, { code: 'WAL_INVALID_ARGUMENT' })
  }
})
