import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { isLong, PATIENCE_MS } from '../scale.js'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'

const LOSSES = isLong ? LEAST_HITS : 3
/** The least number of acknowledged records that each loss has to remove. */
const ACKS_TO_LOSE = 20

/** How the servers of a test, or a copy of their data, make a log lose its end. */
export interface LosableEnd {
  /**
   * Prepares a loss: from now on acknowledged records are stored only where the next `lose` removes them. For example, no
   * replica gets them.
   */
  beginLosing(channel: string): Promise<void>
  /** Makes the log lose those records. Resolves when the servers are ready for the next loss. */
  lose(channel: string): Promise<void>
}

/** A fault that makes the log lose its end with acknowledged records, as in a failover to a replica that does not have them. */
export function endLost(group: LosableEnd): HistoryFault {
  return {
    strikes: LOSSES,
    mayLose: true,
    async strike(_ordinal, load) {
      await load.whileHeld(() => group.beginLosing(load.channel))
      const { acked } = load
      await vi.waitUntil(() => load.acked >= acked + ACKS_TO_LOSE, { timeout: PATIENCE_MS, interval: 20 })
      load.hit()
      await group.lose(load.channel)
    },
    check({ writers, writersTold, readersTold, lostRecords }) {
      // The log may lose its end more often than the fault asks for, since the servers also fail over by themselves.
      assert.ok(writersTold >= LOSSES, `writers were told ${writersTold} times`)
      assert.ok(lostRecords >= LOSSES * ACKS_TO_LOSE, `${lostRecords} lost records were told of`)
      assert.ok(writers >= LOSSES + 2, `${writers} writers, though each loss ends one`)
      assert.ok(readersTold >= LOSSES, `readers were told ${readersTold} times`)
    },
  }
}
