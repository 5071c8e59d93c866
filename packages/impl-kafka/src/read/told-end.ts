import type { Cluster } from '../client/cluster.js'
import type { Connection } from '../client/connection.js'
import type { TopicState } from '../client/topic-memory.js'
import type { OffsetResult } from '../protocol/list-offsets.js'
import { askOffset } from './fetch-page.js'

/**
 * Remembers for a log that its leader has told the log's end. A broker that has just become the leader may give pages that end
 * below an acknowledged record. It tells the end only once it knows how far its log is acknowledged, and from then on its pages
 * reach that far, as long as it leads.
 *
 * The memory holds for the leader epoch and the connection over which the end was told. A broker that is started again loses the
 * connection, and what it knew.
 */
export class ToldEnd {
  #told: { readonly over: Connection; readonly topic: TopicState } | undefined

  /** Whether pages over this connection reach as far as the log is acknowledged. */
  hasTold(over: Connection, { id, leaderEpoch }: TopicState): boolean {
    const told = this.#told
    if (told === undefined || !over.continues(told.over)) return false
    return told.topic.id === id && told.topic.leaderEpoch === leaderEpoch
  }

  /** Asks for the log's end. Rejects when the leader does not know it yet. */
  async tellEnd(cluster: Cluster, over: Connection, topic: TopicState): Promise<OffsetResult> {
    const end = await askOffset(cluster, over, { topic, wanted: 'latest' })
    this.#told = { over, topic }
    return end
  }
}
