import type { Runtime, Timer } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'

/** How late a deadline may be noticed, ms: one timer serves all appends, as one each would cost more than the append. */
const GRAIN_MS = 10
/** Node fires a timer beyond this at once; a deadline further away is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Tells when the callers of appends stop waiting. It keeps no task: it asks for those that are outstanding. */
export class Deadlines {
  readonly #runtime: Runtime
  readonly #outstanding: () => readonly AppendTask[]
  readonly #expired: (task: AppendTask) => void
  #timer: Timer | undefined
  #armedFor = Number.POSITIVE_INFINITY

  constructor(
    runtime: Runtime,
    outstanding: () => readonly AppendTask[],
    expired: (task: AppendTask) => void,
  ) {
    this.#runtime = runtime
    this.#outstanding = outstanding
    this.#expired = expired
  }

  watch(deadline: number): void {
    if (deadline >= this.#armedFor) return
    this.#timer?.clear()
    this.#armedFor = deadline
    const ms = Math.min(MAX_TIMER_MS, Math.max(0, deadline - this.#runtime.monotonic()) + GRAIN_MS)
    // Background: what keeps a waiting process alive is the backend's I/O, not a deadline a minute away.
    this.#timer = this.#runtime.setTimeout(() => this.#fire(), ms, { background: true })
  }

  close(): void {
    this.#timer?.clear()
    this.#armedFor = Number.NEGATIVE_INFINITY
  }

  #fire(): void {
    const now = this.#runtime.monotonic()
    this.#armedFor = Number.POSITIVE_INFINITY
    let next = Number.POSITIVE_INFINITY
    for (const task of this.#outstanding()) {
      if (task.state === 'settled') continue
      if (task.deadline <= now) this.#expired(task)
      else next = Math.min(next, task.deadline)
    }
    if (next !== Number.POSITIVE_INFINITY) this.watch(next)
  }
}
