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
 * A first-in, first-out queue bounded by bytes: while it is full, `push` waits. An item larger than the bound is accepted when
 * the queue is empty. Any number of callers may wait in `push` and in `pop`; each side is served in call order.
 */
export class ByteQueue<T> {
  readonly #entries: Entry<T>[] = []
  /**
   * Index of the first entry that `pop` has not removed. Removing entries from the front of an array of thousands would move
   * all others each time.
   */
  #head = 0
  #held = 0
  readonly #pushers = new Set<Pusher<T>>()
  readonly #poppers = new Set<Popper<T>>()
  /**
   * How the queue ended; undefined while it is open. After the end no item is accepted; items in the queue are still popped.
   */
  #finished: { readonly error: unknown; readonly failed: boolean } | undefined

  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of the items in the queue, without the items whose `push` still waits. */
  get bytes(): number {
    return this.#held
  }

  get length(): number {
    return this.#entries.length - this.#head
  }

  /**
   * Resolves to true when the item is in the queue, to false when the queue ended before. Rejects only with `signal.reason`.
   */
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
        // The item that gave up may have been too large for the free room, and smaller ones may wait behind it. They are
        // admitted in a microtask: the same signal may be about to remove them as well.
        void Promise.resolve().then(() => this.#admit())
      })
    })
  }

  /**
   * Removes the next item, and waits for one if need be. After `end`, an empty queue gives `undefined`; after `fail`, the
   * error.
   */
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

  /** Removes the next item if there is one and `fits` answers true for it. Serves to merge small items that have piled up. */
  shiftIf(fits: (value: T, bytes: number) => boolean): T | undefined {
    const entry = this.#entries[this.#head]
    return entry !== undefined && fits(entry.value, entry.bytes) ? this.#shift() : undefined
  }

  /**
   * Ends the queue: no item is accepted any more. The items in it are still popped, and then `undefined`. The first call of
   * `end`, `fail` or `close` decides how the queue ends.
   */
  end(): void {
    this.#finish(false, undefined)
  }

  /** Ends the queue with an error: the items in it are still popped, and then every `pop` rejects with `error`. */
  fail(error: unknown): void {
    this.#finish(true, error)
  }

  /** Ends the queue and drops the items in it. */
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
    // Release the value at once. The empty slots are removed in bulk, when there are many.
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
