/** Runs pieces of work one behind the other, in call order. One that fails does not keep those behind it from running. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work)
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when all that was handed in so far has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }
}
