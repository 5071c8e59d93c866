import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { onTestFinished, test, vi } from 'vitest'
import { openWal } from '../src/index.js'
import { cleanLogs, faulty, message, SMALL, texts, type within } from './harness.js'

cleanLogs()

/** The functions that vitest fakes by default, and those that Jest fakes. */
const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
  'queueMicrotask',
] as const

/** Opens, appends, reads and closes. `pause` uses a real timer, so that the time limit works under fake timers. */
async function roundTrip(open: typeof openWal, limit: typeof within): Promise<string[]> {
  const wal = await limit(open('memory:', { channel: 'log', ...SMALL }))
  await limit(wal.appendBatch(['1', '2'].map((text) => message(text))))
  const read = await limit(texts(wal.read({ until: 'end' })))
  await limit(wal.close())
  return read
}

/** Rejects when the promise takes too long, by a timer that is not faked. */
function realLimit(): typeof within {
  const start = setTimeout
  const stop = clearTimeout
  return (promise, ms = 20_000) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = start(() => reject(new Error(`not settled within ${ms} ms`)), ms)
    })
    return Promise.race([promise, late]).finally(() => stop(timer))
  }
}

test('H141: the memory backend works under fake timers that were installed after the import', async () => {
  const limit = realLimit()
  vi.useFakeTimers({ toFake: [...FAKED] })
  onTestFinished(() => void vi.useRealTimers())
  assert.deepEqual(await roundTrip(openWal, limit), ['1', '2'])
}, 30_000)

test('the memory backend works under fake timers that were installed before the import', async () => {
  const limit = realLimit()
  const holder = globalThis as unknown as Record<symbol, unknown>
  const key = Symbol.for('@wal/walimpls/system-runtime')
  const first = holder[key]
  vi.useFakeTimers({ toFake: [...FAKED] })
  delete holder[key]
  vi.resetModules()
  onTestFinished(() => {
    vi.useRealTimers()
    holder[key] = first
  })
  const { openWal: loadedLater } = await import('../src/index.js')
  await import('@wal/core/testing')
  assert.notEqual(loadedLater, openWal)
  assert.notEqual(holder[key], first)
  assert.deepEqual(await roundTrip(loadedLater, limit), ['1', '2'])
}, 30_000)

test('H200: under fake timers appends that fail reject, and the WAL closes', async () => {
  const limit = realLimit()
  const backend = faulty()
  const wal = await openWal('memory:', { channel: 'log', builder: backend.builder, ...SMALL })
  vi.useFakeTimers({ toFake: [...FAKED] })
  onTestFinished(() => void vi.useRealTimers())
  backend.plan = { script: { append: () => backend.hang() } }
  const caller = new AbortController()
  const append = (text: string): Promise<string> =>
    wal.append(message(text), { signal: caller.signal }).then(
      () => 'acknowledged',
      (error) => error.code ?? error.message,
    )
  const sent = append('sent')
  await systemRuntime.yield()
  // More appends than are rejected in one turn of the event loop, so that a second turn is needed.
  const queued = Promise.all(Array.from({ length: 100 }, () => append('queued')))
  caller.abort(new Error('given up'))
  assert.equal(await limit(sent, 2000), 'WAL_OUTCOME_UNKNOWN')
  assert.deepEqual(new Set(await limit(queued, 2000)), new Set(['given up']))
  backend.letGo()
  await limit(wal.close(), 2000)
}, 30_000)
