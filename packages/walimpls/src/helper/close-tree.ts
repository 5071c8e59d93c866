type Close = () => Promise<void> | void

/** In which order a tree closes what is inside: in reverse order of opening, one after another; or all at once. */
export type CloseOrder = 'reverse' | 'together'

/**
 * Things to close that live inside one another: opener ⊃ log ⊃ scanner. Closing one closes what was opened inside it
 * first, in the order that it is made with; everything is closed once, however many ask. What was added while its
 * parent closes is closed at once.
 */
export class CloseTree {
  readonly #children = new Set<Close>()
  readonly #late: Promise<void>[] = []
  #closing: Promise<void> | undefined
  readonly #leave: () => void

  readonly #closeSelf: Close
  readonly #order: CloseOrder

  /** `closeSelf` runs when all inside is closed, also if some of that failed. */
  constructor(closeSelf: Close = () => {}, parent?: CloseTree, order: CloseOrder = 'reverse') {
    this.#closeSelf = closeSelf
    this.#order = order
    this.#leave = parent?.add(() => this.close()) ?? (() => {})
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  /** Puts something inside. Call what is returned when it has closed by itself: otherwise it is kept until this closes. */
  add(close: Close): () => void {
    if (this.closed) {
      const closing = run(close)
      // Reported by `close`, if that has not finished yet.
      closing.catch(() => {})
      this.#late.push(closing)
      return () => {}
    }
    // A function of its own for every call, so that one callback may be added twice.
    const child = () => close()
    this.#children.add(child)
    return () => {
      this.#children.delete(child)
    }
  }

  /** Idempotent. Rejects with what failed; an `AggregateError` if more than one thing did. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    // Not in the caller's turn: `closed` must be true before any callback runs.
    await undefined
    const errors: unknown[] = []
    const attempt = async (closing: Promise<void>) => {
      try {
        await closing
      } catch (error) {
        errors.push(error)
      }
    }
    const children = [...this.#children].reverse()
    const closeChild = async (child: Close): Promise<void> => {
      if (this.#children.delete(child)) await attempt(run(child))
    }
    if (this.#order === 'together') await Promise.all(children.map(closeChild))
    else
      for (const child of children) {
        await closeChild(child)
        while (this.#late.length > 0) await attempt(this.#late.shift() as Promise<void>)
      }
    while (this.#late.length > 0) await attempt(this.#late.shift() as Promise<void>)
    await attempt(run(this.#closeSelf))
    this.#leave()
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} things failed to close`)
  }
}

/** A callback that throws at once rejects all the same. */
async function run(close: Close): Promise<void> {
  await close()
}
