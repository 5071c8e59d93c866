import { expect } from 'vitest'

/** The most that decoding may add to what is held and to the resident set, and the longest that one buffer may take. */
const MOST_HELD_BYTES = 16 << 20
const MOST_RESIDENT_BYTES = 300 << 20
const LONGEST_MS = 2_000

/** Counts the outcomes of decoding mutated bytes, and watches time and memory. */
export class Watch {
  readonly outcomes = new Map<string, number>()
  readonly #before = held()
  #runs = 0

  /** Runs `decode`. `outcome` names the outcome of an error, or is undefined for an error that must not be. */
  run(decode: () => unknown, outcome: (error: unknown) => string | undefined): void {
    const started = performance.now()
    let result = 'decoded'
    try {
      decode()
    } catch (error) {
      const named = outcome(error)
      if (named === undefined) throw error
      result = named
    }
    this.outcomes.set(result, (this.outcomes.get(result) ?? 0) + 1)
    expect(performance.now() - started).toBeLessThan(LONGEST_MS)
    if (++this.#runs % 1000 !== 0) return
    const after = held()
    expect(after.bytes - this.#before.bytes).toBeLessThan(MOST_HELD_BYTES)
    expect(after.resident - this.#before.resident).toBeLessThan(MOST_RESIDENT_BYTES)
  }
}

/** What the process holds after a collection, and what it takes. */
function held(): { readonly bytes: number; readonly resident: number } {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { bytes: heapUsed + arrayBuffers, resident: rss }
}
