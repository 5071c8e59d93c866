import { AppendError } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'
import { TaskQueue } from './task-queue.js'

/**
 * The byte budget of appends. A task is admitted, in order, when its bytes fit (or nothing else is there: one larger
 * than the budget goes alone); what waits for room is bounded too, and refused beyond.
 */
export class Admission {
  readonly #budgetBytes: number
  readonly #maxWaitingBytes: number
  readonly #waiting = new TaskQueue()
  #usedBytes = 0
  #waitingBytes = 0
  /** Of what waits before it gets here, in interceptors. */
  heldBytes = 0

  constructor(budgetBytes: number, maxWaitingBytes: number) {
    this.#budgetBytes = budgetBytes
    this.#maxWaitingBytes = maxWaitingBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Whether a task of so many bytes would be admitted at once, also if all that is held came first. */
  hasRoom(bytes: number): boolean {
    return this.#waitingBytes === 0 && this.#fits(bytes, this.#usedBytes + this.heldBytes)
  }

  /** Throws `WAL_RATE_LIMITED` when as much waits already as may. */
  check(bytes: number): void {
    const pending = this.#waitingBytes + this.heldBytes
    if (this.hasRoom(bytes) || pending === 0 || pending + bytes <= this.#maxWaitingBytes) return
    throw new AppendError(
      'WAL_RATE_LIMITED',
      `${pending} bytes of appends are waiting for room already (maxWaitingBytes is ${this.#maxWaitingBytes}). Await appends, use appendAll, or try again later.`,
      { outcome: 'not-written' },
    )
  }

  /** Whether the task is admitted now; otherwise it waits, and comes out of `next` later. */
  enter(task: AppendTask): boolean {
    if (this.#waitingBytes === 0 && this.#fits(task.charged, this.#usedBytes)) {
      this.#usedBytes += task.charged
      task.state = 'queued'
      return true
    }
    this.#waitingBytes += task.charged
    task.state = 'waiting'
    this.#waiting.push(task)
    return false
  }

  /** Gives back an admitted task's bytes. */
  release(bytes: number): void {
    this.#usedBytes -= bytes
  }

  /** A waiting task gave up. */
  abandon(task: AppendTask): void {
    this.#waitingBytes -= task.charged
    this.#waiting.passOver()
  }

  /** The next waiting task that fits by now. */
  next(): AppendTask | undefined {
    const task = this.#waiting.peek()
    if (task === undefined) return undefined
    if (!this.#fits(task.charged, this.#usedBytes)) return undefined
    this.#waiting.shift()
    this.#waitingBytes -= task.charged
    this.#usedBytes += task.charged
    task.state = 'queued'
    return task
  }

  /** The task that has waited longest. */
  get oldest(): AppendTask | undefined {
    return this.#waiting.peek()
  }

  /** All that waits, for a close that has to reject it. */
  waiting(): AppendTask[] {
    return this.#waiting.toArray()
  }

  /** One larger than the budget goes alone. */
  #fits(bytes: number, used: number): boolean {
    return used === 0 || used + bytes <= this.#budgetBytes
  }
}
