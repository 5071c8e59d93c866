import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memoryBuilder } from '@wal/core/testing'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import { test } from 'vitest'
import type { Interceptor } from '../src/index.js'
import { CallOrder } from '../src/interceptor/call-order.js'
import { cleanLogs, faulty, message, open, turn } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const MIB = 1 << 20
const NEVER_MS = 2 ** 31 - 1

/** The bytes in use outside of V8's heap: those of payloads. */
async function payloadBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await turn()
    collectGarbage()
  }
  return process.memoryUsage().arrayBuffers
}

test('G15 calls that overlap all the time do not keep earlier ones in memory', async () => {
  const order = new CallOrder()
  let newest = order.occupy(message('first'), undefined)
  const first = new WeakRef(newest)
  for (let i = 0; i < 10; i++) {
    const next = order.occupy(message('next'), undefined)
    await newest.end()
    newest = next
  }
  await payloadBytes()
  assert.equal(first.deref(), undefined)
  await newest.end()
})

test('G15 appends that were given up leave memory, also behind an append that still waits', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  backend.plan = { script: { append: () => backend.hang() } }
  const sent = wal.append(message('sent'), { timeoutMs: NEVER_MS })
  await turn()
  const queued = wal.append(message('queued'), { timeoutMs: NEVER_MS })
  const large = wal.append({ payload: new Uint8Array(MIB) }, { timeoutMs: NEVER_MS })
  const before = await payloadBytes()
  const payload = new Uint8Array(MIB / 8)
  for (let i = 0; i < 1000; i++) {
    const giveUp = new AbortController()
    const append = wal.append({ payload }, { signal: giveUp.signal })
    giveUp.abort(new Error('enough'))
    await assert.rejects(append, { message: 'enough' })
  }
  assert.ok((await payloadBytes()) - before < 32 * MIB)
  backend.plan = {}
  backend.letGo()
  await Promise.all([sent, queued, large])
})

test('G15 the few records of a quiet log do not keep the memory of a busy log', async () => {
  const options = { bufferAgeMs: 3_600_000, timeTickMs: 60_000 }
  const [busy, quiet] = [
    await open({ channel: 'busy', ...options }),
    await open({ channel: 'quiet', ...options }),
  ]
  const payload = new Uint8Array(30_000)
  const before = await payloadBytes()
  for (let i = 0; i < 300; i++) {
    await quiet.append(message('x'))
    const results = await busy.appendBatch(new Array(10).fill({ payload }))
    // The backend would keep the same bytes, so they are not counted here.
    const last = results.at(-1)
    if (i % 30 === 29 && last !== undefined) await busy.truncate(last.position)
  }
  assert.ok((await payloadBytes()) - before < 32 * MIB)
})

/** The bytes in use, in V8's heap and outside of it. */
function usedBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A backend that keeps only the opening record, so that the memory measured is that of core. */
function keepingNothing(): OpenerBuilderImpls {
  const { messageIds } = memoryBuilder()
  let last = 1
  return overMemory((log) => ({
    append: async (batch) =>
      batch.sequence === 0
        ? log.append(batch)
        : batch.messages.map(() => messageIds.parse((++last).toString(36))),
  }))
}

test.each([
  ['ASCII', false, 'a'],
  ['ASCII', true, 'a'],
  ['Chinese', false, '界'],
  ['Chinese', true, '界'],
])(
  'G15 a write-ahead buffer of 8 MiB holds no more than that: properties in %s, tailed: %s',
  async (_script, tailed, unit) => {
    const wal = await open({
      builder: keepingNothing(),
      budgetBytes: 16 * MIB,
      timeTickMs: 60_000,
      bufferAgeMs: 600_000,
    })
    const scanner = wal.read({ deliver: 'latest' })
    let read = 0
    await scanner.ready()
    if (!tailed) await scanner.close()
    const reading = (async () => {
      for await (const each of scanner) if (each.properties.size === 8) read++
    })()
    const value = unit.repeat(1000)
    const before = usedBytes()
    for (let i = 0; i < 20; i++) {
      const properties = new Map(Array.from({ length: 8 }, (_, k) => [`k${k}`, value + i]))
      await wal.appendBatch(new Array(100).fill({ payload: new Uint8Array(0), properties }))
      await turn()
    }
    const held = (usedBytes() - before) / MIB
    assert.ok(held <= 10.5, `${held} MiB`)
    await scanner.close()
    await reading
    assert.equal(read > 0, tailed)
  },
)

test('G15 a message that waits in an interceptor keeps only its own bytes in memory', async () => {
  const waiting: (() => void)[] = []
  const holding: Interceptor = {
    name: 'holding',
    async append({ message }, next) {
      if (message.vchannel === 'held') await new Promise<void>((resolve) => waiting.push(resolve))
      return next(message)
    },
  }
  const wal = await open({
    builder: keepingNothing(),
    interceptors: [holding],
    timeTickMs: 60_000,
    bufferAgeMs: 0,
  })
  const payload = new Uint8Array(20_000)
  const before = await payloadBytes()
  const held: Promise<unknown>[] = []
  for (let i = 0; i < 100; i++) {
    held.push(wal.append(message('x', { vchannel: 'held' })))
    for (let n = 0; n < 13; n++) await wal.append({ payload })
  }
  const kept = (await payloadBytes()) - before
  assert.ok(kept < 4 * MIB, `${kept / MIB} MiB`)
  for (const go of waiting) go()
  await Promise.all(held)
})

test.each(['next', 'batches'] as const)(
  'G15 a scanner does not keep the messages that its user has taken (%s)',
  async (by) => {
    const wal = await open({ timeTickMs: 60_000 })
    await wal.append(message('large'))
    const scanner = wal.read({})
    /** A function of its own, since a suspended one would keep the message. */
    const take = async () => {
      const { value } = by === 'next' ? await scanner.next() : await scanner.batches().next()
      return new WeakRef(value as object)
    }
    const taken = await take()
    await payloadBytes()
    assert.equal(taken.deref(), undefined)
    await scanner.close()
  },
)
