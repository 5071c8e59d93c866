import { READ_BYTES } from '../log/read-sizes.js'

/** Smaller reads cost more than they save. */
const SMALLEST_PAGE_BYTES = 16 << 10
/** The share of the budget that the page of a first scanner may have. A scanner holds a page twice, and the records in it. */
const SHARE_OF_FIRST = 1 / 16

export interface PageHolder {
  /** Lets go of the pages, which the scanner reads again when its user asks for more. False while its user waits for more. */
  rest(): boolean
}

/**
 * Bytes that the scanners of one WAL may hold together while their users do not ask for them. Past that, the scanners whose
 * users have asked for nothing for the longest time rest. One scanner may hold more than the whole budget, as a single record
 * can be that large.
 */
export class PageBudget {
  /** In the order of the time for which they have held their pages, the longest first. */
  readonly #held = new Map<PageHolder, number>()
  #bytes = 0

  constructor(readonly capacityBytes: number) {}

  /** How much one more scanner reads at once: the more hold something, the less. */
  get pageBytes(): number {
    const share = (this.capacityBytes * SHARE_OF_FIRST) / (this.#held.size + 1)
    return Math.max(SMALLEST_PAGE_BYTES, Math.min(READ_BYTES, Math.floor(share)))
  }

  /** From now on the scanner holds that many bytes. Others may have to rest. */
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
