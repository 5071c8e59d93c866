import { seededRandom } from '@wal/core/testing'

/** Makes the random decisions of a run, from the run's seed. */
export class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** True with the given probability. */
  is(probability: number): boolean {
    return this.#random() < probability
  }

  /** An integer from 0, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  between(low: number, high: number): number {
    return low + this.#random() * (high - low)
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}
