/** The time ticks above `after` up to `upTo`, inclusive. */
export interface Range {
  readonly after: bigint
  readonly upTo: bigint
}

/** How many elements at the beginning pass, by binary search. No element that passes may stand behind one that does not. */
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

/** Sorts the ranges and merges those that overlap or touch, so that `rangeOf` needs one binary search. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const range of [...ranges].sort((a, b) => (a.after < b.after ? -1 : a.after > b.after ? 1 : 0))) {
    const last = merged.at(-1)
    if (last === undefined || range.after > last.upTo) merged.push(range)
    else if (range.upTo > last.upTo) merged[merged.length - 1] = { after: last.after, upTo: range.upTo }
  }
  return merged
}

/** The range that holds this time tick, of ranges that `mergeRanges` has made. */
export function rangeOf(merged: readonly Range[], tick: bigint): Range | undefined {
  const range = merged[countWhile(merged, ({ after }) => after < tick) - 1]
  return range !== undefined && tick <= range.upTo ? range : undefined
}

/** A value that is noted again and again. Tells the highest value that was noted before a moment. */
export class Peak {
  readonly #steps: { readonly at: number; readonly value: bigint }[] = []

  /** `at` must not be lower than in the call before. */
  note(at: number, value: bigint): void {
    const last = this.#steps.at(-1)
    if (last === undefined || value > last.value) this.#steps.push({ at, value })
  }

  /** The highest value noted before the moment `at`; −1 when there is none. */
  before(at: number): bigint {
    return this.#steps[countWhile(this.#steps, (step) => step.at < at) - 1]?.value ?? -1n
  }
}
