import type { TimeTick, WALImpls, WalError } from '@wal/walimpls'
import { onAbort, WakeList } from '@wal/walimpls/helper'
import type { AppendOptions, NewMessage } from '../api/wal.js'
import type { Trouble } from '../diagnostics/trouble.js'
import type { OwnPlace } from '../log/known-place.js'
import {
  type AppendTask,
  MESSAGE_OVERHEAD_BYTES,
  settle,
  type TaskOwner,
  type TickOwner,
} from '../message/append-task.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import type { Admission } from './admission.js'
import { AppendBounds } from './append-bounds.js'
import { endedError } from './append-error.js'
import { checkAppendOptions } from './append-options.js'
import { AppendOutcomes, type AppendOutcomesOptions } from './append-outcomes.js'
import type { ResultContext } from './append-result.js'
import { Deadlines } from './deadlines.js'
import { InSlices } from './in-slices.js'
import { Pipeline, type PipelineOptions } from './pipeline.js'

export interface AppenderOptions
  extends Omit<PipelineOptions, 'outcomes' | 'released'>,
    AppendOutcomesOptions {
  readonly log: WALImpls
  readonly admission: Admission
  readonly appendTimeoutMs: number
}

const NO_OPTIONS: AppendOptions = {}

/** Brings messages from admission to outcome, and tells each owner: the caller's end of the append path. */
export class Appender {
  readonly #options: AppenderOptions
  readonly #deadlines: Deadlines
  readonly #pipeline: Pipeline
  readonly #bounds: AppendBounds
  readonly #outcomes: AppendOutcomes
  readonly #room = new WakeList()
  /** For what thousands of appends may cause at once. */
  readonly slices: InSlices
  /** Ordinal of the message that was submitted last. */
  #taken = 0
  /** Why nothing is accepted any more; undefined as long as appends are. */
  #stopped: WalError | undefined

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#bounds = new AppendBounds(() => this.log, options)
    this.slices = new InSlices(options.runtime)
    this.#outcomes = new AppendOutcomes(options, this.slices)
    this.#pipeline = new Pipeline(options.log, {
      ...options,
      outcomes: this.#outcomes,
      released: (bytes) => this.#released(bytes),
    })
    this.#deadlines = new Deadlines(
      options.runtime,
      () => this.#outstanding(),
      (task) => this.#giveUp(task, (sent) => this.#outcomes.timedOut(task, sent)),
    )
  }

  /** What all results of this writer share. */
  get context(): ResultContext {
    return this.#options.context
  }

  get log(): WALImpls {
    return this.#pipeline.log
  }

  get lastAcked(): OwnPlace {
    return this.#pipeline.lastAcked
  }

  get idle(): boolean {
    return this.#pipeline.idle
  }

  /** Knows the last failure of the backend while batches are being sent again. */
  get trouble(): Trouble {
    return this.#options.trouble
  }

  /** Checks a message (`WAL_INVALID_ARGUMENT`) and copies it. The copy counts for nothing until it is submitted. */
  copy(message: NewMessage, barrierTimeTick?: TimeTick): AppendTask {
    return this.#options.cutter.copy(message, barrierTimeTick)
  }

  /** Throws when the message is too large, when as much waits already as may, or when the signal is aborted. */
  submit(task: AppendTask, owner: TaskOwner, options: AppendOptions = NO_OPTIONS): void {
    const timeoutMs = this.#begin(options)
    this.#bounds.check(task)
    task.deadline = this.#options.runtime.monotonic() + timeoutMs
    this.#admit(task, owner, options.signal)
  }

  /** Submits a message that `hold` has counted until now. It is not refused for want of room: `hold` made sure of that. */
  submitHeld(task: AppendTask, owner: TaskOwner, options: AppendOptions): void {
    const timeoutMs = this.#begin(options)
    this.#bounds.checkSize(task)
    task.deadline = this.#options.runtime.monotonic() + timeoutMs
    this.#admit(task, owner, options.signal)
  }

  /** All of them or, when it throws, none: together they count as one for the bound on what waits (G19). */
  submitBatch(tasks: readonly AppendTask[], owner: TaskOwner, options: AppendOptions = {}): void {
    const timeoutMs = this.#begin(options)
    this.#bounds.checkAll(tasks)
    const deadline = this.#options.runtime.monotonic() + timeoutMs
    for (const task of tasks) {
      task.deadline = deadline
      this.#admit(task, owner, options.signal)
    }
  }

  /** A time tick of the library. The budget is not charged for it: time ticks must flow while the budget is used up. */
  submitTick(owner: TickOwner): void {
    if (this.#stopped !== undefined) {
      owner.reject(endedError(this.#stopped))
      return
    }
    const { runtime, appendTimeoutMs, cutter } = this.#options
    const task = cutter.draftTick(owner)
    task.deadline = runtime.monotonic() + appendTimeoutMs
    task.owner = this.#watched(owner, task)
    task.state = 'queued'
    this.#pipeline.enqueue(task)
    this.#deadlines.watch(task.deadline)
  }

  /** A time tick that a user asks for. It waits for room as a message does, and so comes behind all submitted before it. */
  submitBarrier(owner: TickOwner, options: AppendOptions): void {
    const timeoutMs = this.#begin(options)
    const task = this.#options.cutter.draftTick(owner)
    this.#bounds.check(task)
    task.deadline = this.#options.runtime.monotonic() + timeoutMs
    this.#admit(task, owner, options.signal)
  }

  hasRoom(bytes: number): boolean {
    return this.#options.admission.hasRoom(bytes + MESSAGE_OVERHEAD_BYTES)
  }

  /**
   * Counts messages that wait outside (in an interceptor) against the bound on what waits: all of them or, when it throws
   * as `submit` does, none. Call what is returned for each, once or more often, when it waits there no longer.
   */
  hold(tasks: readonly AppendTask[], options: AppendOptions): (() => void)[] {
    this.#begin(options)
    const { admission } = this.#options
    this.#bounds.checkAll(tasks)
    return tasks.map((task) => {
      let bytes = task.bytes + MESSAGE_OVERHEAD_BYTES
      admission.bytesHeldByInterceptors += bytes
      return () => {
        admission.bytesHeldByInterceptors -= bytes
        bytes = 0
        this.#room.wake()
      }
    })
  }

  /** Calls back once, when budget has become free or a task has settled. The returned function takes the call back off. */
  onRoom(callback: () => void): () => void {
    return this.#room.add(callback)
  }

  /** Resolves when all messages submitted by now have their outcome, or will never be sent. Rejects only by the signal. */
  async settledSoFar(signal?: AbortSignal): Promise<void> {
    const last = this.#taken
    const { cutter, admission } = this.#options
    while (this.#stopped === undefined) {
      // Messages in flight are older than queued ones, and these than waiting ones. A time tick, whose ordinal is 0, may be
      // the oldest for a while.
      const oldest = this.#pipeline.head?.tasks[0] ?? cutter.oldest ?? admission.oldest
      if (oldest === undefined || oldest.ordinal > last) return
      await this.#room.next(signal)
    }
  }

  /** Resolves when no message in flight has a time tick at or below this one. */
  async confirmed(timeTick: TimeTick, signal?: AbortSignal): Promise<void> {
    while (this.#stopped === undefined) {
      const { head } = this.#pipeline
      if (head === undefined || head.firstTimeTick > timeTick) return
      await this.#room.next(signal)
    }
  }

  /**
   * Resolves once the storage had no room for a batch twice in a row; with `again`, not before it refuses it once more.
   * Rejects only by the signal.
   */
  stuck(again: boolean, signal: AbortSignal): Promise<void> {
    return this.#pipeline.stuck(again, signal)
  }

  drained(): Promise<void> {
    return this.#pipeline.drained()
  }

  /** Resolves when the owners of all appends whose outcome is decided know it. */
  allTold(): Promise<void> {
    return this.slices.done()
  }

  /** Ends for good: every outstanding append is rejected with the code of this error and an outcome of its own. */
  stop(error: WalError): void {
    this.#stopped ??= error
    this.#deadlines.close()
    this.#pipeline.stop(error)
    const waiting = this.#options.admission.waiting()
    for (const task of waiting) this.#options.admission.abandon(task)
    this.#outcomes.failed(waiting, error, undefined)
    this.#room.wake()
  }

  #released(bytes: number): void {
    this.#options.admission.release(bytes)
    this.#admitWaiting()
    this.#room.wake()
  }

  #admitWaiting(): void {
    // Once the writer has ended, `stop` rejects what still waits, in order, and nothing goes to the pipeline any more.
    if (this.#stopped !== undefined) return
    const { admission } = this.#options
    for (let task = admission.next(); task !== undefined; task = admission.next())
      this.#pipeline.enqueue(task)
  }

  /** Checks the options, and that appends are still accepted. Answers the time-out. */
  #begin(options: AppendOptions): number {
    if (options !== NO_OPTIONS) checkAppendOptions(options)
    const { signal, timeoutMs = this.#options.appendTimeoutMs } = options
    if (this.#stopped !== undefined) throw endedError(this.#stopped)
    signal?.throwIfAborted()
    return timeoutMs
  }

  #admit(task: AppendTask, owner: TaskOwner, signal: AbortSignal | undefined): void {
    task.owner = this.#watched(owner, task)
    task.charged = task.bytes + MESSAGE_OVERHEAD_BYTES
    task.ordinal = ++this.#taken
    if (this.#options.admission.admit(task)) this.#pipeline.enqueue(task)
    this.#deadlines.watch(task.deadline)
    if (signal !== undefined) this.#endWith(signal, task)
  }

  #watched(owner: TaskOwner, task: AppendTask): TaskOwner {
    return this.#options.diagnostics?.watch(owner, task) ?? owner
  }

  /**
   * A method of its own: were this function made in `#admit`, every message would pay for it, also those without a signal.
   */
  #endWith(signal: AbortSignal, task: AppendTask): void {
    task.stopListening = onAbort(signal, (reason) =>
      this.#giveUp(task, (sent) => this.#outcomes.aborted(task, sent, reason)),
    )
  }

  /**
   * Ends the wait of an owner, not the append: a message that was sent goes on. `tell` is given the batch that was sent, if
   * any.
   */
  #giveUp(task: AppendTask, tell: (sent: BatchInFlight | undefined) => void): void {
    if (task.state === 'settled') return
    const { state } = task
    settle(task)
    if (state === 'waiting') {
      this.#options.admission.abandon(task)
      // A large task may have kept smaller ones behind it waiting, which have room now.
      this.#admitWaiting()
      this.#room.wake()
    } else if (state === 'queued') {
      this.#pipeline.abandon(task)
      this.#released(task.charged)
    }
    const sent = state === 'sent' ? this.#pipeline.batchOf(task) : undefined
    if (state === 'sent' && sent === undefined) this.#released(this.#pipeline.abandonRest(task))
    tell(sent)
  }

  #outstanding(): AppendTask[] {
    const { sent, queued } = this.#pipeline.outstanding()
    return [...sent.flatMap((batch) => batch.tasks), ...queued, ...this.#options.admission.waiting()]
  }
}
