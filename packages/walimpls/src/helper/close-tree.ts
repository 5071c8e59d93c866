type Close = () => Promise<void> | void

/**
 * In which order a close tree closes its children: the last opened first, one after another (`reverse`), or all at once
 * (`together`).
 */
export type CloseOrder = 'reverse' | 'together'

/**
 * A tree of things to close: an opener holds logs, and a log holds scanners. Closing a parent closes its children first, in the
 * order that the tree was made with. Each is closed once, however many callers ask. A child that is added while its parent is
 * closing is closed at once.
 */
export class CloseTree {
  readonly #children = new Set<Close>()
  readonly #late: Promise<void>[] = []
  #closing: Promise<void> | undefined
  readonly #leave: () => void

  readonly #closeSelf: Close
  readonly #order: CloseOrder

  /** `closeSelf` runs after all children are closed, also when closing some of them failed. */
  constructor(closeSelf: Close = () => {}, parent?: CloseTree, order: CloseOrder = 'reverse') {
    this.#closeSelf = closeSelf
    this.#order = order
    this.#leave = parent?.add(() => this.close()) ?? (() => {})
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Adds a child. The caller calls the returned function when the child has closed by itself; otherwise the parent keeps a
   * reference to the child until the parent closes.
   */
  add(close: Close): () => void {
    if (this.closed) {
      const closing = run(close)
      // `close` reports this failure, unless it has finished already.
      closing.catch(() => {})
      this.#late.push(closing)
      return () => {}
    }
    // Wrapped in a new function for each call, so that the same callback may be added twice.
    const child = () => close()
    this.#children.add(child)
    return () => {
      this.#children.delete(child)
    }
  }

  /**
   * Closes all children, then the parent itself. Idempotent. Rejects with the failure, or with an `AggregateError` of several.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    // Callbacks begin in a later microtask, so that `closed` is already true when the first of them runs.
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

/** Turns an error that the callback throws synchronously into a rejection. */
async function run(close: Close): Promise<void> {
  await close()
}
