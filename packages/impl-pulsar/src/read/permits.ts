/**
 * The most permits that a reader has outstanding. A broker reads at most about a hundred entries at once, so that more would not
 * make a reader faster, and each may become an entry that is larger than those before.
 */
const MOST_PERMITS = 128

/**
 * How many messages a reader lets the broker send. With n permits a broker sends up to n entries, each of them whole, however
 * many messages it has; so each permit counts as one entry of the largest size seen. The number begins with one, since no size
 * is known yet, and doubles: a log of large entries has been told from one of small ones before much is asked for.
 *
 * Example: the share is 1 MiB and the largest entry seen has 100 KiB. With nothing held the reader has ten permits outstanding,
 * with 500 KiB held five, with 1 MiB held none.
 */
export class Permits {
  readonly #shareBytes: number
  /** The messages that were permitted and have not come. Below zero when entries had more messages than permits were left. */
  #outstanding = 0
  #largest = 0
  #most = 1

  constructor(shareBytes: number) {
    this.#shareBytes = shareBytes
  }

  /** An entry has come. */
  spend({ count, bytes }: { readonly count: number; readonly bytes: number }): void {
    this.#outstanding -= count
    this.#largest = Math.max(this.#largest, bytes)
  }

  /** The permits that were given are void: their reader was closed. */
  forget(): void {
    this.#outstanding = 0
  }

  /** How many more messages to permit now, when the reader holds so many bytes. They are renewed in bulk: often there are none. */
  more(heldBytes: number): number {
    const due = this.#wanted(heldBytes)
    if (due <= 0 || this.#outstanding > due / 2) return 0
    if (this.#largest > 0) this.#most = Math.min(MOST_PERMITS, this.#most * 2)
    const wanted = this.#wanted(heldBytes)
    const more = wanted - this.#outstanding
    this.#outstanding = wanted
    return more
  }

  #wanted(heldBytes: number): number {
    const room = Math.floor((this.#shareBytes - heldBytes) / Math.max(1, this.#largest))
    // A reader that holds nothing takes one entry, however large.
    return Math.min(this.#most, heldBytes === 0 ? Math.max(1, room) : room)
  }
}
