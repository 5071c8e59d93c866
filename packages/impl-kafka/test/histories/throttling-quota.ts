import assert from 'node:assert/strict'
import type { KafkaServer } from '@wal/brokers'
import { type HistoryFault, LEAST_HITS, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'
import { metadataRequest } from '../../src/protocol/metadata.js'
import { RawLog } from '../raw-log.js'

/** So little that every client is above it. */
const MEAGRE = { producerBytesPerSecond: 2_000, consumerBytesPerSecond: 2_000, requestPercentage: 0.1 }
const UNLIMITED = { producerBytesPerSecond: null, consumerBytesPerSecond: null, requestPercentage: null }

/**
 * A fault that puts clients under a quota which they are far above. The broker says how long it holds their requests back, and
 * does not read from their connections for that long.
 */
export async function throttlingQuota(kafka: KafkaServer, closing: AsyncDisposable[]): Promise<HistoryFault> {
  // The quota is one for all connections with the same client id, so this connection is told of the throttling too.
  const raw = await RawLog.connect(kafka.address)
  closing.push(raw)
  let throttled = 0
  return {
    async strike(_ordinal, load) {
      load.hit()
      await kafka.setQuota(MEAGRE)
      await vi.waitUntil(
        async () => {
          const { throttleMs } = await raw.cluster.ask(metadataRequest([]))
          return throttleMs > 0
        },
        { timeout: PATIENCE_MS, interval: 50 },
      )
      throttled++
      await kafka.setQuota(UNLIMITED)
    },
    check: () => assert.ok(throttled >= LEAST_HITS, `clients were throttled ${throttled} times`),
  }
}
