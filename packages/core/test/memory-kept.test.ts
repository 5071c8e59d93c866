import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'vitest'
import { CallOrder } from '../src/interceptor/call-order.js'
import { cleanLogs, faulty, message, open, turn } from './harness.js'

cleanLogs()
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const MIB = 1 << 20
const NEVER_MS = 2 ** 31 - 1

/** Bytes outside the heap that are still used: payloads. */
async function payloadBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await turn()
    collectGarbage()
  }
  return process.memoryUsage().arrayBuffers
}

test('G15 calls that overlap without end do not keep each other', async () => {
  const order = new CallOrder()
  let newest = order.take(message('first'), undefined)
  const first = new WeakRef(newest)
  for (let i = 0; i < 10; i++) {
    const next = order.take(message('next'), undefined)
    await newest.end()
    newest = next
  }
  await payloadBytes()
  assert.equal(first.deref(), undefined)
  await newest.end()
})

test('G15 what was given up leaves memory, also behind an append that waits on', async () => {
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

test('G15 the few records of a quiet log do not keep the memory of a busy one', async () => {
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
    // What the backend would keep, too.
    const last = results.at(-1)
    if (i % 30 === 29 && last !== undefined) await busy.truncate(last.position)
  }
  assert.ok((await payloadBytes()) - before < 32 * MIB)
})
