import type { AbortedTransaction } from '../protocol/fetch.js'
import type { BatchHeader } from './batch-header.js'

/**
 * Says which batches belong to aborted transactions. A Fetch answer lists these transactions by producer and first offset; each
 * ends at the marker that Kafka stored for it. The batches have to be asked about in their order.
 */
export class AbortedTransactions {
  /** Those that begin further on, the next one last. */
  readonly #ahead: AbortedTransaction[]
  /** The producers whose transaction has begun and not ended. */
  readonly #open = new Set<bigint>()

  constructor(listed: readonly AbortedTransaction[]) {
    this.#ahead = [...listed].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Whether the batch is a part of an aborted transaction. */
  has({ lastOffset, transactional, producerId }: BatchHeader): boolean {
    for (;;) {
      const next = this.#ahead.at(-1)
      if (next === undefined || next.firstOffset > lastOffset) break
      this.#open.add(next.producerId)
      this.#ahead.pop()
    }
    return transactional && this.#open.has(producerId)
  }

  /** The marker that aborts this producer's transaction was read. */
  ended(producerId: bigint): void {
    this.#open.delete(producerId)
  }
}
