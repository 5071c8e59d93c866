import type { AppendTask } from './append-task.js'

/** FIFO of tasks. A settled one (timed out, aborted) stays in place and is passed over: removal from the middle is free. */
export class TaskQueue {
  #tasks: (AppendTask | undefined)[] = []
  #head = 0

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

  /** A copy of what is in it, settled ones left out. */
  toArray(): AppendTask[] {
    return (this.#tasks.slice(this.#head) as AppendTask[]).filter((task) => task.state !== 'settled')
  }

  #drop(): void {
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
