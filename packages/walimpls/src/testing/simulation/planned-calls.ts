import type { Timer } from '../../runtime/runtime.js'

interface PlannedCall {
  readonly due: number
  /** Of calls that are due at the same time, the one with the lower number is first. */
  readonly tie: number
  readonly run: () => void
}

/** Calls that are planned for a time, in the order of their times. A run has a few dozen at once: a sorted array is enough. */
export class PlannedCalls {
  /** Sorted so that the next call is the last element. */
  readonly #calls: PlannedCall[] = []

  get nextDue(): number | undefined {
    return this.#calls.at(-1)?.due
  }

  add(call: PlannedCall): Timer {
    let low = 0
    let high = this.#calls.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(call, this.#calls[middle] as PlannedCall)) low = middle + 1
      else high = middle
    }
    this.#calls.splice(low, 0, call)
    return {
      clear: () => {
        const at = this.#calls.indexOf(call)
        if (at >= 0) this.#calls.splice(at, 1)
      },
    }
  }

  take(): PlannedCall | undefined {
    return this.#calls.pop()
  }
}

function isBefore(one: PlannedCall, other: PlannedCall): boolean {
  return one.due < other.due || (one.due === other.due && one.tie < other.tie)
}
