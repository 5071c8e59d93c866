import { READ_BYTES } from '../log/read-sizes.js'

/** No page is smaller than this: below this size the number of requests costs more than the saved memory is worth. */
const SMALLEST_PAGE_BYTES = 16 << 10
/**
 * The share of the budget that one page has while only one scanner reads. A scanner holds two pages, and records cut from them.
 */
const SHARE_OF_FIRST = 1 / 16

export interface PageHolder {
  /**
   * Drops the pages; the scanner reads them again when its user asks for more. Returns false, and drops nothing, while the user
   * waits.
   */
  rest(): boolean
}

/**
 * Limits the bytes that all scanners of one WAL hold together while their users do not ask for them. Beyond the limit scanners
 * have to drop their pages, first the ones whose users have not asked for the longest time. The one scanner that reads may hold
 * more than the limit, since a single record can be that large.
 */
export class PageBudget {
  /** The bytes of each scanner; the scanner that has held its pages for the longest time comes first. */
  readonly #held = new Map<PageHolder, number>()
  #bytes = 0

  constructor(readonly capacityBytes: number) {}

  /** The page size for one more scanner: the more scanners hold pages, the smaller. */
  get pageBytes(): number {
    const share = (this.capacityBytes * SHARE_OF_FIRST) / (this.#held.size + 1)
    return Math.max(SMALLEST_PAGE_BYTES, Math.min(READ_BYTES, Math.floor(share)))
  }

  /**
   * Records that the scanner holds so many bytes from now on. If the limit is exceeded, other scanners have to drop their
   * pages.
   */
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
