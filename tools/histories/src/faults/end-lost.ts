import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { isLong, PATIENCE_MS } from '../scale.js'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'

const LOSSES = isLong ? LEAST_HITS : 3
/** Records that are acknowledged and then lost, at least, at each strike. */
const ACKS_TO_LOSE = 20

/** What a group of servers, or a copy of a server's data, has to do so that a log loses its end. */
export interface LosableEnd {
  /** From now on acknowledged records are where the next `lose` loses them: no replica gets them, say. */
  beginLosing(channel: string): Promise<void>
  /** Loses them. Resolves when the servers can take the next loss. */
  lose(channel: string): Promise<void>
}

/** The log loses its end, acknowledged records among it: a failover to a replica that did not have them, say. */
export function endLost(group: LosableEnd): HistoryFault {
  return {
    strikes: LOSSES,
    mayLose: true,
    async strike(_ordinal, load) {
      await group.beginLosing(load.channel)
      const { acked } = load
      await vi.waitUntil(() => load.acked >= acked + ACKS_TO_LOSE, { timeout: PATIENCE_MS, interval: 20 })
      load.hit()
      await group.lose(load.channel)
    },
    check({ writers, writersTold, readersTold, lostRecords }) {
      // More than the strikes, when servers fail over by themselves as well.
      assert.ok(writersTold >= LOSSES, `writers were told ${writersTold} times`)
      assert.ok(lostRecords >= LOSSES * ACKS_TO_LOSE, `${lostRecords} lost records were told of`)
      assert.ok(writers >= LOSSES + 2, `${writers} writers, though each loss ends one`)
      assert.ok(readersTold >= LOSSES, `readers were told ${readersTold} times`)
    },
  }
}
