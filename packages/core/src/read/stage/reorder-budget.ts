/** Bytes that the scanners of one WAL may hold back together, until a time tick settles the order of what they hold. */
export class ReorderBudget {
  #used = 0

  constructor(readonly capacityBytes: number) {}

  /** Reserves all of the bytes, or none of them: false. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.capacityBytes) return false
    this.#used += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
