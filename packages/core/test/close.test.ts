import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'vitest'
import { type AppendError, mustGetBuilder, openWal } from '../src/index.js'
import {
  cleanLogs,
  faulty,
  isPending,
  message,
  open,
  openReader,
  pause,
  SMALL,
  texts,
  turn,
  within,
} from './harness.js'

cleanLogs()

test('G13 close waits for appends in flight and may be called again', async () => {
  const wal = await open()
  const appends = Array.from({ length: 500 }, (_, i) => wal.append(message(String(i))))
  const closes = [wal.close(), wal.close(), wal[Symbol.asyncDispose]()]
  await within(Promise.all([...appends, ...closes]))
  await assert.rejects(wal.append(message('late')), { code: 'WAL_CLOSED', outcome: 'not-written' })
  await assert.rejects(wal.appendBatch([message('late')]), { code: 'WAL_CLOSED' })
  await assert.rejects(wal.barrier(), { code: 'WAL_CLOSED' })
  assert.throws(() => wal.read(), { code: 'WAL_CLOSED' })
  assert.throws(() => wal.appendAll([]), { code: 'WAL_CLOSED' })
  assert.equal(wal.signal.reason.code, 'WAL_CLOSED')
})

test('G13 over a backend that hangs close ends after closeTimeoutMs, and every append gets an outcome in call order', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, closeTimeoutMs: 30, maxWaitingBytes: 16 << 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const order: number[] = []
  // The appends have several times as many bytes as the budget, so that some are in flight, some queued, and some wait for
  // room.
  const appends = Array.from({ length: 60 }, (_, i) =>
    wal.append(message('x'.repeat(100_000))).catch((error: AppendError) => {
      order.push(i)
      return error
    }),
  )
  await turn()
  const closing = wal.close()
  const errors = (await within(Promise.all(appends))) as AppendError[]
  assert.ok(errors.every((error) => error.code === 'WAL_CLOSED'))
  assert.equal(errors[0]?.outcome, 'unknown')
  assert.ok(errors[0]?.token)
  assert.equal(errors[59]?.outcome, 'not-written')
  assert.deepEqual(
    order,
    order.map((_, i) => i),
  )
  backend.letGo()
  await within(closing)
})

test('G13 close ends a full queue and an appendAll loop', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, closeTimeoutMs: 30 })
  backend.plan = { script: { append: () => backend.hang() } }
  function* source() {
    for (;;) yield message('y'.repeat(50_000))
  }
  const loading = (async () => {
    for await (const _ of wal.appendAll(source()));
  })()
  await pause(10)
  const closing = wal.close()
  await assert.rejects(within(loading), { code: 'WAL_CLOSED' })
  backend.letGo()
  await within(closing)
})

test('G13 close wakes an appendAll whose source is silent', async () => {
  const wal = await open()
  let closed = false
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        closed = true
        return { done: true as const, value: undefined }
      },
    }),
  }
  const next = wal.appendAll(source).next()
  next.catch(() => {})
  assert.equal(await isPending(next), true)
  await within(wal.close())
  await assert.rejects(within(next), { code: 'WAL_CLOSED' })
  assert.equal(closed, true)
})

test('G13 close ends waiting next() calls of one reader and of many, on writers and read-only logs', async () => {
  const wal = await open()
  const reader = await openReader()
  await wal.append(message('a'))
  const scanners = [wal.read(), wal.read(), reader.read(), reader.read({ deliver: 'latest' })]
  const loops = scanners.map((scanner) => texts(scanner))
  await within(Promise.all(scanners.map((scanner) => scanner.caughtUp())))
  const waiting = await Promise.all(loops.map((loop) => isPending(loop, 1)))
  assert.deepEqual(waiting, [true, true, true, true])
  await within(Promise.all([wal.close(), reader.close()]))
  assert.deepEqual(await within(Promise.all(loops)), [['a'], ['a'], ['a'], []])
})

test('G13 closing the opener closes the logs that it has opened and those that it is opening', async () => {
  const backend = faulty()
  const opener = await mustGetBuilder('memory').build({})
  const wal = await opener.open({ channel: { name: 'log' }, ...SMALL })
  const loop = texts(wal.read())
  await within(opener.close())
  await within(opener.close())
  assert.deepEqual(await within(loop), [])
  await assert.rejects(wal.append(message('a')), { code: 'WAL_CLOSED' })
  await assert.rejects(opener.open({ channel: { name: 'log' } }), { code: 'WAL_CLOSED' })
  await within(wal.close())

  backend.plan = { script: { append: () => backend.hang() } }
  const controller = new AbortController()
  const opening = openWal('memory:', {
    channel: 'log',
    ...SMALL,
    builder: backend.builder,
    signal: controller.signal,
  })
  opening.catch(() => {})
  assert.equal(await isPending(opening), true)
  controller.abort(new Error('never mind'))
  await assert.rejects(within(opening), { message: 'never mind' })
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  backend.letGo()
  for (let i = 0; i < 400 && backend.openLogs > 0; i++) await pause(5)
  assert.equal(backend.openLogs, 0)
})

test('openTimeoutMs ends an open whose backend hangs, and nothing stays open', async () => {
  const backend = faulty()
  backend.plan = { script: { append: () => backend.hang() } }
  const opening = openWal('memory:', { channel: 'log', builder: backend.builder, openTimeoutMs: 20 })
  await assert.rejects(within(opening), { code: 'WAL_TIMEOUT' })
  backend.letGo()
  for (let i = 0; i < 400 && backend.openLogs > 0; i++) await pause(5)
  assert.equal(backend.openLogs, 0)
  await assert.rejects(openWal('memory:', { channel: 'log', openTimeoutMs: 2 ** 31 }), {
    code: 'WAL_INVALID_ARGUMENT',
  })
})

test('G13 appends of a writer that is fenced while it closes get their outcome at once', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, closeTimeoutMs: 60_000 })
  backend.plan = { script: { append: () => backend.hang() } }
  const append = wal.append(message('a'))
  append.catch(() => {})
  await turn()
  const closing = wal.close()
  backend.plan = {}
  await open()
  backend.letGo()
  await assert.rejects(within(append), { code: 'WAL_FENCED', outcome: 'not-written' })
  await within(closing)
})

test('G13 a batch that waits for its linger time does not delay a close', async () => {
  const wal = await open({ lingerMs: 60_000, closeTimeoutMs: 60_000 })
  const append = wal.append(message('a'))
  assert.equal(await isPending(append), true)
  await within(wal.close())
  await within(append)
})

test('G13 close closes every scanner and log of the backend', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  const reader = await openReader({ builder: backend.builder })
  for (let i = 0; i < 50; i++) await wal.append(message(String(i)))
  await texts(wal.read(), 10)
  await texts(reader.read(), 10)
  await texts(reader.read({ until: 'end' }))
  const left = [wal.read(), reader.read()]
  await left[1]?.next()
  await wal.close()
  await reader.close()
  assert.equal(backend.openScanners, 0)
  assert.equal(backend.openLogs, 0)
})

test('G13 truncate and barrier that race with close settle', async () => {
  const wal = await open()
  const { position } = await wal.append(message('a'))
  const racing = [wal.truncate(position), wal.barrier(), wal.truncate(position)]
  const closing = wal.close()
  await within(Promise.allSettled(racing))
  await within(closing)
})
