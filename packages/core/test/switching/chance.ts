import { seededRandom } from '@wal/core/testing'

/** The random decisions of a schedule, from its seed. */
export class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** True with this probability. */
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
