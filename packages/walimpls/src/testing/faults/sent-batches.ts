import { type Batch, packedBatch } from '../../batch.js'

/** The backend's sequences are this many times as large, which leaves numbers for copies between two batches. */
const COPIES = 1024

/**
 * The batches that were sent through an opener. A batch may be sent again through another log of the opener, so all logs share
 * this. A copy needs a sequence of its own, or the backend would take it for the batch sent again. So the backend is given
 * sequences that are 1,024 times as large: 3 becomes 3,072, and a copy of that batch of two records 3,074.
 */
export class SentBatches {
  readonly #latest = new WeakMap<Batch, Batch>()
  readonly #uncertain = new WeakSet<Batch>()

  /**
   * The batch with the sequence for the backend: the same object each time it is sent again. After a copy was made, the newest
   * copy.
   */
  forBackend(batch: Batch): Batch {
    const known = this.#latest.get(batch)
    if (known !== undefined) return known
    const numbered = withSequence(batch, batch.sequence * COPIES)
    this.#latest.set(batch, numbered)
    return numbered
  }

  /** Makes a copy with a sequence that the backend has not seen. Undefined when there is no number left for another copy. */
  copy(batch: Batch): Batch | undefined {
    const known = this.forBackend(batch)
    const sequence = known.sequence + batch.count
    // The copy's records are numbered from its sequence on. They must not have the numbers of the next batch.
    if (sequence + batch.count > (batch.sequence + batch.count) * COPIES) return undefined
    const copy = withSequence(known, sequence)
    this.#latest.set(batch, copy)
    return copy
  }

  /** Notes that an attempt may have stored the batch. From now on its outcome is unknown, until an attempt succeeds. */
  mayBeStored(batch: Batch): void {
    this.#uncertain.add(batch)
  }

  stored(batch: Batch): void {
    this.#uncertain.delete(batch)
  }

  isUncertain(batch: Batch): boolean {
    return this.#uncertain.has(batch)
  }
}

function withSequence(batch: Batch, sequence: number): Batch {
  return packedBatch({ ...batch, sequence })
}
