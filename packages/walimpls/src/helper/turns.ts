/** Runs pieces of work one after another, in call order. When one fails, the next still runs. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work)
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when all work that was handed in before this call has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }
}
