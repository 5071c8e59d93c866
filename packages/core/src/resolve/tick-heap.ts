import type { TimeTick } from '@wal/walimpls'

/** An item that waits for the record with the time tick `next`. */
export interface Ticked {
  readonly next: TimeTick
}

/** A binary heap of items that wait for records. The item that waits for the lowest time tick comes first. */
export class TickHeap<T extends Ticked> {
  #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((items[parent] as T).next <= item.next) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length > 0) this.#sink(last as T)
    return top
  }

  /** Removes and returns the items for which `leaves` is true, in no particular order. */
  remove(leaves: (item: T) => boolean): T[] {
    const removed: T[] = []
    const kept: T[] = []
    for (const item of this.#items) (leaves(item) ? removed : kept).push(item)
    this.#items = []
    for (const item of kept) this.push(item)
    return removed
  }

  /** Moves an item down from the top of the heap to its place. */
  #sink(item: T): void {
    const items = this.#items
    const { length } = items
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && (items[child + 1] as T).next < (items[child] as T).next) child++
      if ((items[child] as T).next >= item.next) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = item
  }
}
