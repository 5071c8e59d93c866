import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { FaultyCall } from '@wal/core/testing'
import { type OpenerBuilderImpls, systemRuntime, WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { adaptBuilder } from '../../src/builder.js'
import { openWal } from '../../src/index.js'
import type { OpenWalOptions } from '../../src/open.js'
import { cleanLogs, type FaultyBackend, faulty, isPending, message, open, SMALL, within } from '../harness.js'

cleanLogs()

/** Opens as `openWal` does, and gives the test access to the backend's objects. */
function attempt(backend: FaultyBackend, options: Partial<OpenWalOptions> = {}) {
  const opened = openWal('memory:', { channel: 'log', builder: backend.builder, ...SMALL, ...options })
  opened.catch(() => {})
  return opened
}

async function log(): Promise<void> {
  const wal = await open()
  for (const each of ['1', '2', '3']) await wal.append(message(each))
  await wal.close()
}

const nothingLeft = (backend: FaultyBackend) =>
  expect
    .poll(() => ({ logs: backend.openLogs, scanners: backend.openScanners }), { timeout: 20_000 })
    .toEqual({ logs: 0, scanners: 0 })

const calls: FaultyCall[] = ['openReadOnly', 'open', 'last', 'next', 'append']

test.each(calls)(
  'an open that fails for good at any call of %s leaves nothing open and fences no writer',
  async (call) => {
    await log()
    let failed = 0
    for (let number = 1; ; number++) {
      const backend = faulty()
      const broken = new WalError('WAL_CORRUPT', `${call} ${number} is broken`)
      backend.plan = { script: { [call]: { [number]: broken } } }
      // Another handle uses the client, so its close does not clean up after the failed open.
      const elsewhere = await adaptBuilder(backend.builder).build({})
      const outcome = await within(attempt(backend).catch((error: unknown) => error))
      if (backend.counts.fail === 0) {
        await (outcome as { close(): Promise<void> }).close()
        await elsewhere.close()
        break
      }
      failed++
      assert.equal((outcome as WalError).code, 'WAL_CORRUPT', String(outcome))
      // Closed at once, since the caller may remove the log's folder after a failed open.
      assert.deepEqual([backend.openLogs, backend.openScanners], [0, 0])
      await elsewhere.close()
      await (await open()).close()
    }
    assert.ok(failed > 0, `${call} never failed`)
  },
)

test.each(calls)(
  'an open that was given up while a call of %s hangs is closed when that call settles',
  async (call) => {
    await log()
    let hung = 0
    for (const how of ['signal', 'openTimeoutMs', 'opener']) {
      for (let number = 1; ; number++) {
        const backend = faulty()
        backend.plan = { script: { [call]: { [number]: backend.hang() } } }
        const controller = new AbortController()
        const elsewhere = await adaptBuilder(backend.builder).build({})
        const opener = await adaptBuilder(backend.builder).build({})
        const opening = opener.open({
          channel: { name: 'log' },
          ...SMALL,
          signal: controller.signal,
          ...(how === 'openTimeoutMs' ? { openTimeoutMs: 30 } : {}),
        })
        opening.catch(() => {})
        await expect
          .poll(async () => backend.counts.delay > 0 || !(await isPending(opening, 1)), { timeout: 20_000 })
          .toBe(true)
        if (backend.counts.delay === 0) {
          await (await opening).close()
          await opener.close()
          await elsewhere.close()
          break
        }
        hung++
        if (how === 'signal') controller.abort(new Error('enough'))
        const closing = how === 'opener' ? opener.close() : undefined
        const expected =
          how === 'signal' ? { message: 'enough' } : { code: how === 'opener' ? 'WAL_CLOSED' : 'WAL_TIMEOUT' }
        await assert.rejects(within(opening), expected)
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
        backend.letGo()
        await nothingLeft(backend)
        await within(closing ?? opener.close())
        await elsewhere.close()
      }
    }
    assert.ok(hung > 0, `${call} never hung`)
  },
)

test('a log that fails to close hides neither why an open failed nor that one succeeded', async () => {
  await log()
  const backend = faulty()
  const { builder } = backend
  const unclosable: OpenerBuilderImpls = {
    ...builder,
    build: async (options, runtime, waits) => {
      const opener = await builder.build(options, runtime, waits)
      const openReadOnly = opener.openReadOnly.bind(opener)
      opener.openReadOnly = async (...parameters) => {
        const opened = await openReadOnly(...parameters)
        const close = opened.close.bind(opened)
        opened.close = async () => {
          await close()
          throw new Error('does not close')
        }
        return opened
      }
      return opener
    },
  }
  backend.plan = { script: { last: { 1: new WalError('WAL_CORRUPT', 'broken') } } }
  const options = { channel: 'log', builder: unclosable, ...SMALL }
  await assert.rejects(openWal('memory:', options), { code: 'WAL_CORRUPT' })
  const wal = await openWal('memory:', options)
  await wal.append(message('4'))
  await wal.close()
  await nothingLeft(backend)
})

test('when something fails after the log is open, as a logger may, the log is closed and another writer can open it', async () => {
  const backend = faulty()
  const runtime = { ...systemRuntime }
  const logger = { debug() {}, info() {}, error() {}, warn: () => assert.fail('the logger is broken') }
  await assert.rejects(attempt(backend, { runtime, logger }), { message: 'the logger is broken' })
  assert.deepEqual([backend.openLogs, backend.openScanners], [0, 0])
  const wal = await attempt(backend, { runtime })
  await wal.close()
})

test('closing the opener during many opens ends them all and waits until their logs are closed', async () => {
  const backend = faulty()
  backend.plan = { script: { append: () => 'delay', open: () => 'delay', last: () => 'delay' } }
  const opener = await adaptBuilder(backend.builder).build({})
  const openings = Array.from({ length: 30 }, (_, i) =>
    opener.open({ channel: { name: `channel-${i % 10}` }, ...SMALL }).then(
      () => 'open',
      (error: WalError) => error.code,
    ),
  )
  await expect.poll(() => backend.openLogs > 5, { timeout: 20_000 }).toBe(true)
  await within(opener.close(), 20_000)
  assert.deepEqual([backend.openLogs, backend.openScanners], [0, 0])
  const outcomes = new Set(await within(Promise.all(openings)))
  assert.ok(outcomes.has('WAL_CLOSED'), [...outcomes].join())
})
