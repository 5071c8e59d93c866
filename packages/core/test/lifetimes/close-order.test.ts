import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { memoryBuilder } from '@wal/core/testing'
import type { OpenerBuilderImpls, OpenerImpls } from '@wal/walimpls'
import { onTestFinished, test } from 'vitest'
import { type Interceptor, mustGetBuilder, openWal, type WAL } from '../../src/index.js'
import { cleanLogs, faulty, message, open, openReader, pause, SMALL, texts, within } from '../harness.js'

cleanLogs()

/** The memory backend. It adds to `said` what is closed, and its appends wait for `before`. */
function telling(said: string[], before: () => Promise<void>): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  const opener = (opened: OpenerImpls): OpenerImpls => ({
    openReadOnly: (...parameters) => opened.openReadOnly(...parameters),
    open: async (...parameters) => {
      const log = await opened.open(...parameters)
      const append = log.append.bind(log)
      const close = log.close.bind(log)
      log.append = async (batch) => {
        if (batch.sequence > 0) await before()
        return append(batch)
      }
      log.close = () => {
        said.push('log')
        return close()
      }
      return log
    },
    close: () => {
      said.push('opener')
      return opened.close()
    },
  })
  return { ...inner, build: async (...parameters) => opener(await inner.build(...parameters)) }
}

test('close wakes readers, then drains appends, then closes scanners, log, interceptors, opener (catalogue 28)', async () => {
  const said: string[] = []
  let store = () => {}
  const stored = new Promise<void>((resolve) => {
    store = resolve
  })
  const interceptor: Interceptor = {
    name: 'telling',
    append: (append, next) => next(append.message),
    gracefulClose: async () => void said.push('interceptor, gracefully'),
    close: async () => void said.push('interceptor'),
  }
  const builder = telling(said, () => stored)
  const wal = await openWal('memory:', {
    channel: 'log',
    builder,
    ...SMALL,
    closeTimeoutMs: 20_000,
    interceptors: [interceptor],
  })
  const reading = texts(wal.read()).then(() => said.push('reader'))
  wal.signal.addEventListener('abort', () => said.push('signal'))
  const appending = wal.append(message('1')).then(() => said.push('append'))
  const closing = [wal.close(), wal.close(), wal[Symbol.asyncDispose]()]
  // The reader's loop ends, though the append is still stuck.
  await within(reading)
  store()
  await within(Promise.all([...closing, appending]))
  assert.deepEqual(said, [
    'interceptor, gracefully',
    'reader',
    'append',
    'signal',
    'log',
    'interceptor',
    'opener',
  ])
})

test('the WAL and its opener can be closed inside the loop of a reader', async () => {
  for (const what of ['wal', 'opener'] as const) {
    const opener = await mustGetBuilder('memory').build({})
    const wal: WAL = await opener.open({ channel: { name: what }, ...SMALL })
    await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
    const seen: string[] = []
    const loop = (async () => {
      for await (const each of wal.read()) {
        seen.push(each.messageId)
        await (what === 'wal' ? wal : opener).close()
      }
    })()
    await within(loop)
    assert.equal(seen.length, 1)
    assert.equal(wal.signal.reason.code, 'WAL_CLOSED')
    await opener.close()
  }
})

test('close from inside an interceptor waits closeTimeoutMs at most', async () => {
  const closing: Interceptor = {
    name: 'closing',
    append: async (append, next) => {
      await wal.close()
      return next(append.message)
    },
  }
  const wal = await open({ interceptors: [closing], closeTimeoutMs: 30 })
  await assert.rejects(within(wal.append(message('1'))), { code: 'WAL_CLOSED' })
})

test('when a log is closed while another handle opens it, both calls settle', async () => {
  const backend = faulty()
  const first = await open({ builder: backend.builder })
  backend.plan = { script: { open: () => 'delay', last: () => 'delay' } }
  const opening = openWal('memory:', { channel: 'log', builder: backend.builder, ...SMALL })
  await pause(1)
  await within(first.close())
  const second = await within(opening)
  await second.append(message('1'))
  await within(second.close())
  assert.equal(backend.openLogs, 0)
})

test('G14 one signal serves 5,000 calls of every kind without a warning and keeps no listener', async () => {
  const { signal } = new AbortController()
  const warnings: Error[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  const opener = await mustGetBuilder('memory').build({}, { signal })
  const wal = await opener.open({ channel: { name: 'log' }, ...SMALL, signal })
  const reader = await openReader({ signal })
  const { position } = await wal.append(message('0'), { signal })
  const backend = faulty()
  const hung = await open({ channel: 'hung', builder: backend.builder })
  backend.plan = { script: { append: { 1: backend.hang() } } }
  const unknown = await hung.append(message('x'), { timeoutMs: 5 }).catch((error) => error)
  backend.letGo()
  const kinds: (() => Promise<unknown>)[] = [
    () => wal.append(message('a'), { signal }),
    () => wal.appendBatch([message('a'), message('b')], { signal }),
    async () => {
      for await (const _ of wal.appendAll([message('c')], { signal }));
    },
    () => wal.barrier({ signal }),
    () => wal.truncate(position, { signal }),
    async () => {
      const scanner = wal.read({ signal, deliver: 'latest' })
      await scanner.ready()
      await scanner.close()
    },
    () => texts(reader.read({ signal, until: 'end', deliver: 'latest' })),
    () => hung.resolve(unknown.token, { signal }),
    async () => (await openReader({ signal })).close(),
    () => opener.list({ signal }),
  ]
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 500 }, (_, i) => kinds[i % kinds.length]?.()))
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  await opener.close()
  await pause(5)
  assert.deepEqual(warnings, [])
}, 120_000)
