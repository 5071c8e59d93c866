import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { PATIENCE_MS } from '../scale.js'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'
import type { ProxiedWays } from './proxied-ways.js'

/** A fault that delays every request and every reply by `delayMs`. */
export function requestsDelayed({ writing, reading }: ProxiedWays, delayMs: number): HistoryFault {
  const hits = () => writing.counters.faults.delay.hitsInFlight
  const delay = { kind: 'delay', ms: delayMs } as const
  for (const proxy of [writing, reading]) proxy.inject(delay)
  return {
    // A round trip takes twice the delay. To finish in time, the load keeps many appends in flight.
    appendsAtOnce: 512,
    strikes: 2 * LEAST_HITS,
    // A proxy counts delayed requests only from the injection on. When all appends of the load were sent before it, the count
    // stays zero.
    async strike(_ordinal, load) {
      load.hit()
      writing.heal()
      const before = hits()
      writing.inject(delay)
      await vi.waitUntil(() => hits() > before || load.outstanding === 0, {
        timeout: PATIENCE_MS,
        interval: 5,
      })
    },
    heal() {
      for (const proxy of [writing, reading]) proxy.heal()
    },
    check: () => assert.ok(hits() >= LEAST_HITS, `${hits()} requests were delayed`),
  }
}
