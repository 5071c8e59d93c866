import type { KafkaCluster } from '@wal/brokers'
import { type HistoryFault, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'
import { metadataRequest } from '../../src/protocol/metadata.js'
import { RawLog } from '../raw-log.js'

/** A fault that kills the broker which leads the log. It comes back when another one leads, and gets what it missed. */
export async function leaderKilled(cluster: KafkaCluster, closing: AsyncDisposable[]): Promise<HistoryFault> {
  const raw = await RawLog.connect(...cluster.brokers)
  closing.push(raw)
  const partitionOf = async (channel: string) => {
    const { topics } = await raw.cluster.ask(metadataRequest([channel]))
    return topics[0]?.partitions[0]
  }
  return {
    async strike(_ordinal, load) {
      const patience = { timeout: PATIENCE_MS, interval: 100 }
      const leader = (await partitionOf(load.channel))?.leaderId ?? -1
      const node = cluster.nodes[leader - 1]
      if (node === undefined) throw new Error(`no broker leads the topic ${load.channel}`)
      load.hit()
      await node.kill()
      await vi.waitUntil(async () => {
        const now = (await partitionOf(load.channel))?.leaderId ?? -1
        return now >= 0 && now !== leader
      }, patience)
      await node.restart()
      // Before the next leader is killed all three have the log again, so that it never lacks a leader for good.
      await vi.waitUntil(async () => (await partitionOf(load.channel))?.inSync.length === 3, patience)
    },
  }
}
