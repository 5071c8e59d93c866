import type { Timer } from '../../runtime/runtime.js'

interface PlannedCall {
  readonly due: number
  /** Decides between calls of the same time. */
  readonly tie: number
  readonly run: () => void
}

/** What is to happen, by its time. A few dozen at once in a run, so a sorted list does. */
export class PlannedCalls {
  /** The next one last. */
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
