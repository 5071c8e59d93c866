import { onAbort } from './on-abort.js'

interface Entry<T> {
  readonly value: T
  readonly bytes: number
}

interface Pusher<T> extends Entry<T> {
  readonly settle: (taken: boolean) => void
}

interface Popper<T> {
  readonly resolve: (value: T | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * First in, first out, bounded by bytes: what is full pushes back on its source. An item larger than the bound is
 * taken alone. Any number of callers may wait on either side; each side is served in call order.
 */
export class ByteQueue<T> {
  readonly #entries: Entry<T>[] = []
  /** Index of the first entry not yet popped: shifting an array of thousands at every pop would cost its length. */
  #head = 0
  #held = 0
  readonly #pushers = new Set<Pusher<T>>()
  readonly #poppers = new Set<Popper<T>>()
  /** Set once: nothing is taken any more. What is held is still given out. */
  #finished: { readonly error: unknown; readonly failed: boolean } | undefined

  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes held, without those whose push still waits. */
  get bytes(): number {
    return this.#held
  }

  get length(): number {
    return this.#entries.length - this.#head
  }

  /** Resolves to true once the queue holds the item, to false when it ended before. Rejects with `signal.reason` only. */
  push(value: T, bytes: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#finished !== undefined) return Promise.resolve(false)
    if (this.#pushers.size === 0 && this.#hasRoom(bytes)) {
      this.#take({ value, bytes })
      return Promise.resolve(true)
    }
    return new Promise((resolve, reject) => {
      let stop = () => {}
      const pusher: Pusher<T> = {
        value,
        bytes,
        settle(taken) {
          stop()
          resolve(taken)
        },
      }
      this.#pushers.add(pusher)
      if (signal === undefined) return
      stop = onAbort(signal, (reason) => {
        this.#pushers.delete(pusher)
        reject(reason)
        // It may have kept smaller ones behind it waiting. Not now: the same signal may be about to take those out.
        void Promise.resolve().then(() => this.#admit())
      })
    })
  }

  /** The next item; waits for one. `undefined` once the queue has ended well and is empty; the error once it failed. */
  pop(signal?: AbortSignal): Promise<T | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.length > 0) return Promise.resolve(this.#shift())
    if (this.#finished?.failed) return Promise.reject(this.#finished.error)
    if (this.#finished !== undefined) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      let stop = () => {}
      const popper: Popper<T> = {
        resolve(value) {
          stop()
          resolve(value)
        },
        reject(error) {
          stop()
          reject(error)
        },
      }
      this.#poppers.add(popper)
      if (signal === undefined) return
      stop = onAbort(signal, (reason) => {
        this.#poppers.delete(popper)
        reject(reason)
      })
    })
  }

  /** The next item if one is there and `fits` says so of it: for merging what has piled up. */
  shiftIf(fits: (value: T, bytes: number) => boolean): T | undefined {
    const entry = this.#entries[this.#head]
    return entry !== undefined && fits(entry.value, entry.bytes) ? this.#shift() : undefined
  }

  /** Takes nothing more; what is held is given out, then `undefined`. The first of `end`, `fail` and `close` decides. */
  end(): void {
    this.#finish(false, undefined)
  }

  /** Takes nothing more; what is held is given out, then every `pop` rejects. */
  fail(error: unknown): void {
    this.#finish(true, error)
  }

  /** Like `end`, and drops what is held. */
  close(): void {
    this.#entries.length = 0
    this.#head = 0
    this.#held = 0
    this.#finish(false, undefined)
  }

  #finish(failed: boolean, error: unknown): void {
    if (this.#finished !== undefined) return
    this.#finished = { failed, error }
    for (const pusher of this.#pushers) pusher.settle(false)
    this.#pushers.clear()
    for (const popper of this.#poppers) failed ? popper.reject(error) : popper.resolve(undefined)
    this.#poppers.clear()
  }

  #hasRoom(bytes: number): boolean {
    return this.length === 0 || this.#held + bytes <= this.#maxBytes
  }

  #take(entry: Entry<T>): void {
    for (const popper of this.#poppers) {
      this.#poppers.delete(popper)
      popper.resolve(entry.value)
      return
    }
    this.#entries.push(entry)
    this.#held += entry.bytes
  }

  #shift(): T | undefined {
    const entry = this.#entries[this.#head] as Entry<T>
    // Let go of the value at once; the slots go in one piece, rarely.
    ;(this.#entries as (Entry<T> | undefined)[])[this.#head++] = undefined
    if (this.#head >= 256 && this.#head * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
    this.#held -= entry.bytes
    this.#admit()
    return entry.value
  }

  #admit(): void {
    for (const pusher of this.#pushers) {
      if (!this.#hasRoom(pusher.bytes)) return
      this.#pushers.delete(pusher)
      this.#take(pusher)
      pusher.settle(true)
    }
  }
}
