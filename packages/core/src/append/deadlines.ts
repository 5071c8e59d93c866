import type { Runtime, Timer } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'

/**
 * How many ms late a deadline may be noticed. One timer serves all appends: a timer for each would cost more than the
 * append.
 */
const GRAIN_MS = 10
/** Node fires a longer timer at once. For a deadline further away the timer is set again when this time is over. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Notices when the deadlines of appends pass. It keeps no list of tasks: when its timer fires it asks for the outstanding
 * ones.
 */
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
