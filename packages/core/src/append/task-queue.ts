import type { AppendTask } from '../message/append-task.js'

/** As many settled ones as this may stay, however few others there are. */
const MAX_SETTLED = 64

/** FIFO of tasks. A settled one (timed out, aborted) stays in place for a while and is passed over: removal is cheap. */
export class TaskQueue {
  #tasks: (AppendTask | undefined)[] = []
  #head = 0
  #settled = 0

  push(task: AppendTask): void {
    this.#tasks.push(task)
  }

  /** The oldest task that is not settled, left in place. */
  peek(): AppendTask | undefined {
    while (this.#head < this.#tasks.length) {
      const task = this.#tasks[this.#head] as AppendTask
      if (task.state !== 'settled') return task
      this.#drop()
    }
    return undefined
  }

  shift(): AppendTask | undefined {
    const task = this.peek()
    if (task !== undefined) this.#drop()
    return task
  }

  /** One in it has settled. Once they are the most they are let go, or one that waits forever would keep them all. */
  passOver(): void {
    if (++this.#settled <= Math.max(MAX_SETTLED, (this.#tasks.length - this.#head) / 2)) return
    this.#tasks = this.toArray()
    this.#head = 0
    this.#settled = 0
  }

  /** A copy of what is in it, settled ones left out. */
  toArray(): AppendTask[] {
    return (this.#tasks.slice(this.#head) as AppendTask[]).filter((task) => task.state !== 'settled')
  }

  #drop(): void {
    if (this.#settled > 0 && this.#tasks[this.#head]?.state === 'settled') this.#settled--
    this.#tasks[this.#head++] = undefined
    if (this.#head === this.#tasks.length) {
      this.#tasks = []
      this.#head = 0
    } else if (this.#head > 4096 && this.#head * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head)
      this.#head = 0
    }
  }
}
