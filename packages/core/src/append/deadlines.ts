import type { Runtime, Timer } from '@wal/walimpls'
import type { AppendTask } from './append-task.js'

/** How late a deadline may be noticed, ms: one timer serves all appends, as one each would cost more than the append. */
const GRAIN_MS = 10

/** Tells when the callers of appends stop waiting. */
export class Deadlines {
  readonly #runtime: Runtime
  readonly #expired: (task: AppendTask) => void
  #tasks: AppendTask[] = []
  #timer: Timer | undefined
  #armedFor = Number.POSITIVE_INFINITY

  constructor(runtime: Runtime, expired: (task: AppendTask) => void) {
    this.#runtime = runtime
    this.#expired = expired
  }

  add(task: AppendTask): void {
    this.#tasks.push(task)
    if (task.deadline < this.#armedFor) this.#arm(task.deadline)
    // Settled tasks are swept out when they are many; a task is settled long before its deadline, as a rule.
    if (this.#tasks.length >= this.#sweepAt) this.#sweep()
  }

  close(): void {
    this.#timer?.clear()
    this.#tasks = []
  }

  #sweepAt = 1024

  #sweep(): void {
    this.#tasks = this.#tasks.filter((task) => task.state !== 'settled')
    this.#sweepAt = Math.max(1024, 2 * this.#tasks.length)
  }

  #arm(deadline: number): void {
    this.#timer?.clear()
    this.#armedFor = deadline
    const ms = Math.max(0, deadline - this.#runtime.now()) + GRAIN_MS
    // Background: an append that waits is kept alive by its backend's I/O, not by its deadline.
    this.#timer = this.#runtime.setTimeout(() => this.#fire(), ms, { background: true })
  }

  #fire(): void {
    const now = this.#runtime.now()
    this.#armedFor = Number.POSITIVE_INFINITY
    this.#sweep()
    const due = this.#tasks.filter((task) => task.deadline <= now)
    for (const task of due) this.#expired(task)
    let next = Number.POSITIVE_INFINITY
    for (const task of this.#tasks) if (task.state !== 'settled' && task.deadline < next) next = task.deadline
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next)
  }
}
