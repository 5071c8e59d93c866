import type { AppendTask } from '../message/append-task.js'

/** So many settled tasks may stay in the queue, however few others there are. */
const MAX_SETTLED = 64

/**
 * Tasks in the order in which they came. A task that settles while it is queued (its deadline passed, its signal aborted)
 * stays in its place and is left out later: searching for it would make giving up thousands of appends slow.
 */
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

  /**
   * Called when a task in the queue has settled. When more than half of the queue is settled, all settled tasks are dropped:
   * otherwise they would stay in memory for as long as one unsettled task before them waits.
   */
  passOver(): void {
    if (++this.#settled <= Math.max(MAX_SETTLED, (this.#tasks.length - this.#head) / 2)) return
    this.#tasks = this.toArray()
    this.#head = 0
    this.#settled = 0
  }

  /** The tasks that are not settled, in order. */
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
