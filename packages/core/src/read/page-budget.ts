import { READ_BYTES } from '../log/read-sizes.js'

/** Smaller reads cost more than they save. */
const SMALLEST_PAGE_BYTES = 16 << 10
/** Of the budget, for the page that a first scanner reads: it holds that twice, and records made of it. */
const SHARE_OF_FIRST = 1 / 16

export interface PageHolder {
  /** Lets go of what it holds, to be read again when it is wanted. False while somebody waits for it. */
  rest(): boolean
}

/**
 * Bytes that the scanners of one WAL may hold together for users who have not asked for them yet. Beyond that, those rest
 * that nobody has asked for anything for the longest time. One scanner may hold more than all of it: a single record can be
 * that large.
 */
export class PageBudget {
  /** The one that has held its pages for the longest time first. */
  readonly #held = new Map<PageHolder, number>()
  #bytes = 0

  constructor(readonly capacityBytes: number) {}

  /** How much one more scanner reads at once: the more hold something, the less. */
  get pageBytes(): number {
    const share = (this.capacityBytes * SHARE_OF_FIRST) / (this.#held.size + 1)
    return Math.max(SMALLEST_PAGE_BYTES, Math.min(READ_BYTES, Math.floor(share)))
  }

  /** From now on that scanner holds so much. Others may have to rest. */
  hold(holder: PageHolder, bytes: number): void {
    this.release(holder)
    if (bytes === 0) return
    this.#held.set(holder, bytes)
    this.#bytes += bytes
    if (this.#bytes <= this.capacityBytes) return
    for (const each of this.#held.keys()) {
      if (each !== holder && each.rest()) this.release(each)
      if (this.#bytes <= this.capacityBytes) return
    }
  }

  release(holder: PageHolder): void {
    this.#bytes -= this.#held.get(holder) ?? 0
    this.#held.delete(holder)
  }
}
