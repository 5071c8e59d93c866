import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PulsarServer } from '@wal/brokers'
import { type HistoryFault, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'

const NAMESPACE = 'public/default'
/** How long nothing must be acknowledged for the quota to count as reached, in milliseconds. */
const STANDSTILL_MS = 1_500
const POLICIES = ['producer_request_hold', 'producer_exception'] as const

/** Settings by which the broker looks at quotas often. */
export const quickQuotas = { backlogQuotaCheckIntervalInSeconds: 1 }

/**
 * A fault that sets a quota which the log is above, since the subscription that keeps the log acknowledges nothing. The broker
 * disconnects the writer and takes no other until the quota is lifted.
 */
export function backlogQuota({ admin }: PulsarServer): HistoryFault {
  let reached = 0
  const lift = () => admin.setPolicies(NAMESPACE, { backlogQuota: null })
  return {
    async strike(ordinal, load) {
      load.hit()
      const policy = POLICIES[ordinal % POLICIES.length] ?? 'producer_exception'
      await admin.setPolicies(NAMESPACE, { backlogQuota: { bytes: 1, policy } })
      let acked = -1
      await vi.waitUntil(
        async () => {
          acked = load.acked
          await sleep(STANDSTILL_MS)
          return load.acked === acked
        },
        { timeout: PATIENCE_MS, interval: 10 },
      )
      reached++
      await lift()
      await vi.waitUntil(() => load.acked > acked, { timeout: PATIENCE_MS, interval: 20 })
    },
    check: () => assert.ok(reached > 0, 'the quota was never reached'),
  }
}
