import { openWal } from '@wal/core'
import { registerMemoryBackend } from '@wal/core/testing'

/**
 * `read-only-scanners COUNT MESSAGES`: COUNT scanners of one read-only WAL, each with a vchannel of its own, read while
 * MESSAGES messages are appended. Prints one line of JSON: how many messages were delivered, and the process's CPU time for
 * each.
 */
const [count = '0', messages = '0'] = process.argv.slice(2)
const scanners = Number(count)
const total = Number(messages)
const BATCH = 400

registerMemoryBackend()
const where = { channel: 'log', budgetBytes: 256 << 20 }
const wal = await openWal('memory:', where)
const reader = await openWal('memory:', { ...where, accessMode: 'ro' })
const open = Array.from({ length: scanners }, (_, i) => reader.read({ vchannel: `v${i}` }))
await Promise.all(open.map((scanner) => scanner.ready()))
let delivered = 0
const all = Promise.all(
  open.map(async (scanner) => {
    for (let mine = 0; mine < total / scanners; mine++) {
      const { done } = await scanner.next()
      if (done !== true) delivered++
    }
    await scanner.close()
  }),
)
const before = process.cpuUsage()
for (let i = 0; i < total; i += BATCH)
  await wal.appendBatch(
    Array.from({ length: BATCH }, (_, k) => ({
      vchannel: `v${(i + k) % scanners}`,
      payload: new Uint8Array(100),
    })),
  )
await all
const { user, system } = process.cpuUsage(before)
await reader.close()
await wal.close()
const cpuMicros = (user + system) / delivered
process.stdout.write(`${JSON.stringify({ delivered, cpuMicros })}\n`)
