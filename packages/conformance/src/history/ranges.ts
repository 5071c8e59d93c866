/** A range of time ticks: above `after`, up to `upTo` inclusive. */
export interface Range {
  readonly after: bigint
  readonly upTo: bigint
}

/**
 * How many items at the beginning of a list pass a test, by binary search. No item that passes may stand behind one that does
 * not.
 */
export function countWhile<T>(sorted: readonly T[], passes: (element: T) => boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (passes(sorted[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/** Sorts ranges of time ticks and merges ranges that overlap or touch, so that `rangeOf` needs one binary search. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const range of [...ranges].sort((a, b) => (a.after < b.after ? -1 : a.after > b.after ? 1 : 0))) {
    const last = merged.at(-1)
    if (last === undefined || range.after > last.upTo) merged.push(range)
    else if (range.upTo > last.upTo) merged[merged.length - 1] = { after: last.after, upTo: range.upTo }
  }
  return merged
}

/** The range that holds this time tick; undefined when there is none. `merged` has to come from `mergeRanges`. */
export function rangeOf(merged: readonly Range[], tick: bigint): Range | undefined {
  const range = merged[countWhile(merged, ({ after }) => after < tick) - 1]
  return range !== undefined && tick <= range.upTo ? range : undefined
}

/** Remembers a value over time, and answers the highest value up to a moment. Moments are indexes of events in a history. */
export class Peak {
  readonly #steps: { readonly at: number; readonly value: bigint }[] = []

  /** Notes a value at the moment `at`, which must not lie before the moment of the last call. */
  note(at: number, value: bigint): void {
    const last = this.#steps.at(-1)
    if (last === undefined || value > last.value) this.#steps.push({ at, value })
  }

  /** The highest value noted before the moment `at`; −1 when there is none. */
  before(at: number): bigint {
    return this.#steps[countWhile(this.#steps, (step) => step.at < at) - 1]?.value ?? -1n
  }
}
