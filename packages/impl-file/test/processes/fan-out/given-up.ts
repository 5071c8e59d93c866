import assert from 'node:assert/strict'
import { openWal } from '@wal/core'
import type { AppendError } from '@wal/walimpls'
import { type Gates, gate, gatedBuilder } from '../../../../core/test/resolve/gated.js'

/**
 * `given-up COUNT`: that many appends are in flight in a backend that does not answer, and all reach their deadline at once.
 * Then every caller resolves its token. Prints one line of JSON: how long the event loop stood still while the appends were
 * given up, how much CPU time the calls of `resolve` took, and how many appends had each outcome.
 */
const [count = '0'] = process.argv.slice(2)
const DEADLINE_MS = 1500
const BEAT_MS = 5

const gates: Gates = {}
const wal = await openWal('memory:', {
  channel: 'log',
  builder: gatedBuilder(gates),
  budgetBytes: 256 << 20,
  maxWaitingBytes: 256 << 20,
  timeTickMs: 60_000,
})
const hanging = gate()
gates.after = hanging
const payload = new Uint8Array(100)
const errors = Array.from({ length: Number(count) }, () =>
  wal.append({ payload }, { timeoutMs: DEADLINE_MS }).then(
    () => assert.fail('an append was acknowledged'),
    (error: AppendError) => error,
  ),
)
// The calls of append themselves also take the event loop some time. That is not measured.
await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS / 3))
let longestPauseMs = 0
let last = performance.now()
const beat = setInterval(() => {
  const now = performance.now()
  longestPauseMs = Math.max(longestPauseMs, now - last - BEAT_MS)
  last = now
}, BEAT_MS)
const given = await Promise.all(errors)
await new Promise((resolve) => setTimeout(resolve, 4 * BEAT_MS))
clearInterval(beat)

gates.after = undefined
const before = process.cpuUsage()
const tokens = given.flatMap(({ token }) => token ?? [])
const resolving = Promise.all(tokens.map((token) => wal.resolve(token)))
hanging.open()
// Appends that were not sent yet are certainly not written.
const neverSent = given.filter(({ outcome }) => outcome === 'not-written').length
const outcomes: Record<string, number> = { neverSent }
for (const { outcome } of await resolving) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
const { user, system } = process.cpuUsage(before)
await wal.close()
const report = { longestPauseMs, resolveCpuMs: (user + system) / 1000, outcomes }
process.stdout.write(`${JSON.stringify(report)}\n`)
