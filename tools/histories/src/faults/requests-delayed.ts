import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { PATIENCE_MS } from '../scale.js'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'
import type { ProxiedWays } from './proxied-ways.js'

/** Every request and every reply arrives `delayMs` late. */
export function requestsDelayed({ writing, reading }: ProxiedWays, delayMs: number): HistoryFault {
  const hits = () => writing.counters.faults.delay.hitsInFlight
  const delay = { kind: 'delay', ms: delayMs } as const
  for (const proxy of [writing, reading]) proxy.inject(delay)
  return {
    // With round trips of twice the delay, a load takes many appends at once to get on.
    appendsAtOnce: 512,
    strikes: 2 * LEAST_HITS,
    // A proxy counts the requests that it delays from each injection on. Nothing is counted when every append of the load
    // was on its way already.
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
