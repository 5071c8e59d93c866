import type { Batch } from '../../wal.js'

/** Room for copies between one sequence and the next. */
const COPIES = 1024

/**
 * What is known of the batches of an opener, over its logs: a batch that is sent again may come through another one.
 * The backend sees sequences 1,024 times as large, so that each copy has one of its own and they still rise.
 */
export class SentBatches {
  readonly #latest = new WeakMap<Batch, Batch>()
  readonly #uncertain = new WeakSet<Batch>()

  /** As the backend gets it: the same object whenever it is sent again, the newest copy if it was duplicated. */
  forBackend(batch: Batch): Batch {
    const known = this.#latest.get(batch)
    if (known !== undefined) return known
    const numbered = { ...batch, sequence: batch.sequence * COPIES }
    this.#latest.set(batch, numbered)
    return numbered
  }

  /** Another copy, which the backend has not seen; undefined when there are too many. */
  copy(batch: Batch): Batch | undefined {
    const known = this.forBackend(batch)
    const { length } = batch.messages
    const sequence = known.sequence + length
    // The ordinals of its messages must not reach into those of the batch behind.
    if (sequence + length > (batch.sequence + length) * COPIES) return undefined
    const copy = { ...known, sequence }
    this.#latest.set(batch, copy)
    return copy
  }

  /** An attempt may have landed: from now on the outcome is unknown, until one succeeds. */
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
