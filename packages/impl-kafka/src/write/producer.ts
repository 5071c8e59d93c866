import type { BatchStamp } from '../records/batch-encoder.js'

/** By what a broker recognises a batch: a stamp without its time. */
export type Numbers = Omit<BatchStamp, 'timestamp'>

/** Sequence numbers are 31 bits long, and begin again at 0. */
const SEQUENCES = 2 ** 31
/** The highest epoch. The coordinator never gives it out: a record of it ends its producer id. */
export const LAST_EPOCH = 32_767

export interface ProducerIdentity {
  readonly id: bigint
  readonly epoch: number
}

/** A batch of which an attempt may be stored under some numbers. */
interface Doubtful {
  /** The batch's place in the log's writer, by which it is known again. */
  readonly sequence: number
  /** An attempt is stored, or nobody knows whether it is. */
  mayBeStored: boolean
}

/**
 * Numbers the records of a writer for the broker, which stores a batch only when its first number follows the last one, and
 * recognises a batch that is sent again by its numbers.
 */
export class Producer {
  /** The number that the first record behind the last acknowledged batch gets. */
  #settled = 0
  /** The number that the first record of the next batch gets. */
  #next = 0
  #known = false
  /**
   * By their first number, the batches of which an attempt may be stored under this identity. The broker would take another
   * batch under the same numbers for the stored one, and acknowledge it unstored.
   */
  readonly #doubtful = new Map<number, Doubtful>()

  constructor(readonly identity: ProducerIdentity) {}

  /**
   * Whether the partition has stored a batch of this identity. Before, it would store any batch, whatever its numbers, also one
   * behind a batch that it has refused.
   */
  get known(): boolean {
    return this.#known
  }

  /**
   * Numbers the next batch. Undefined when another batch may be stored under its numbers: the writer then needs a new epoch.
   */
  stamp(batch: { readonly sequence: number; readonly count: number }): Numbers | undefined {
    const first = this.#next
    const before = this.#doubtful.get(first)
    if (before !== undefined && before.sequence !== batch.sequence) return undefined
    if (before === undefined) this.#doubtful.set(first, { sequence: batch.sequence, mayBeStored: false })
    this.#next = (first + batch.count) % SEQUENCES
    const { id, epoch } = this.identity
    return { producerId: id, producerEpoch: epoch, baseSequence: first }
  }

  /** The batch behind the last acknowledged one is stored, and acknowledged with that. */
  stored(count: number): void {
    this.#known = true
    this.#doubtful.delete(this.#settled)
    this.#settled = (this.#settled + count) % SEQUENCES
  }

  /** This attempt of the batch is certainly not stored. Unless an earlier one may be, its numbers are free for another batch. */
  refused({ baseSequence }: Numbers): void {
    if (this.#doubtful.get(baseSequence)?.mayBeStored === false) this.#doubtful.delete(baseSequence)
  }

  /** This attempt of the batch is stored, or may be. */
  mayBeStored({ baseSequence }: Numbers): void {
    const doubtful = this.#doubtful.get(baseSequence)
    if (doubtful !== undefined) doubtful.mayBeStored = true
  }

  /** A batch failed, and the broker refuses all behind it: the next batch gets the numbers of the first that failed. */
  rewind(): void {
    this.#next = this.#settled
  }
}
