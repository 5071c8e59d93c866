import { abortable } from '@wal/walimpls/helper'

/** Those who wait for something to change: each is called once, at the next change. */
export class ChangeCalls {
  #wanted = new Set<() => void>()

  /** Calls back at the next change, unless the returned function is called before. */
  add(callback: () => void): () => void {
    const wanted = this.#wanted.add(callback)
    return () => wanted.delete(callback)
  }

  /** The next change; rejects only by the signal. */
  next(signal: AbortSignal | undefined): Promise<void> {
    let forget = (): void => {}
    const change = new Promise<void>((resolve) => {
      forget = this.add(resolve)
    })
    return abortable(change, signal).finally(forget)
  }

  tell(): void {
    if (this.#wanted.size === 0) return
    const wanted = this.#wanted
    this.#wanted = new Set()
    for (const callback of wanted) callback()
  }
}
