import { AppendError } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'
import { TaskQueue } from './task-queue.js'

/**
 * The byte budget of appends. Tasks are admitted in the order of their calls, each when its bytes fit. With a budget of 100
 * bytes of which 60 are used, a task of 50 waits, and a task of 10 behind it waits too, so as not to overtake. A task that is
 * larger than the whole budget is admitted when nothing else is. The bytes of waiting tasks are bounded as well.
 */
export class Admission {
  readonly #budgetBytes: number
  readonly #maxWaitingBytes: number
  readonly #waiting = new TaskQueue()
  #usedBytes = 0
  #waitingBytes = 0
  /** Bytes of messages that interceptors still hold: they count as waiting, though no task of theirs is here yet. */
  bytesHeldByInterceptors = 0

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

  /**
   * Whether a task of so many bytes would be admitted at once, even if all messages that interceptors hold came before it.
   */
  hasRoom(bytes: number): boolean {
    return this.#waitingBytes === 0 && this.#fits(bytes, this.#usedBytes + this.bytesHeldByInterceptors)
  }

  /** Throws `WAL_RATE_LIMITED` when so many bytes more would wait than `maxWaitingBytes` allows. */
  check(bytes: number): void {
    const pending = this.#waitingBytes + this.bytesHeldByInterceptors
    if (this.hasRoom(bytes) || pending === 0 || pending + bytes <= this.#maxWaitingBytes) return
    throw new AppendError(
      'WAL_RATE_LIMITED',
      `${pending} bytes of appends are waiting for room already (maxWaitingBytes is ${this.#maxWaitingBytes}). Await appends, use appendAll, or try again later.`,
      { outcome: 'not-written' },
    )
  }

  /** Admits the task and answers true when it has room now. Otherwise it waits, and `next` answers it later. */
  admit(task: AppendTask): boolean {
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

  /** The owner of a waiting task waits no longer: the task is never admitted. */
  abandon(task: AppendTask): void {
    this.#waitingBytes -= task.charged
    this.#waiting.passOver()
  }

  /** Admits and answers the task that has waited longest, when there is room for it now. */
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

  /** All tasks that wait for room: a close has to reject them. */
  waiting(): AppendTask[] {
    return this.#waiting.toArray()
  }

  /** A task that is larger than the budget fits when nothing else is admitted. */
  #fits(bytes: number, used: number): boolean {
    return used === 0 || used + bytes <= this.#budgetBytes
  }
}
