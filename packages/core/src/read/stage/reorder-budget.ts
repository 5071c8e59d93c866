/** Limits the bytes of another system's records that all scanners of one WAL hold until a time tick settles their order. */
export class ReorderBudget {
  #used = 0

  constructor(readonly capacityBytes: number) {}

  /** Reserves all the bytes and returns true, or reserves none and returns false. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.capacityBytes) return false
    this.#used += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
