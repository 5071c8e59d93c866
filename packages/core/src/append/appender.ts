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
  /** Ordinal of the message that was taken in last. */
  #taken = 0
  /** Why nothing is taken any more. */
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

  /** What batches are being sent again through. */
  get trouble(): Trouble {
    return this.#options.trouble
  }

  /** Checks and copies a message (`WAL_INVALID_ARGUMENT`); it counts for nothing until it is submitted. */
  take(message: NewMessage, barrierTimeTick?: TimeTick): AppendTask {
    return this.#options.cutter.take(message, barrierTimeTick)
  }

  /** Throws when the message can't go on its way: it is too large, too much waits for now, or it is aborted already. */
  submit(task: AppendTask, owner: TaskOwner, options: AppendOptions = NO_OPTIONS): void {
    const timeoutMs = this.#begin(options)
    this.#bounds.check(task)
    task.deadline = this.#options.runtime.monotonic() + timeoutMs
    this.#admit(task, owner, options.signal)
  }

  /** For a message that was counted by `hold` and is let go of: its place is not refused to it any more. */
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

  /** A time tick of our own: not charged to the budget, which must never keep ticks from flowing. */
  submitTick(owner: TickOwner): void {
    if (this.#stopped !== undefined) {
      owner.reject(endedError(this.#stopped))
      return
    }
    const { runtime, appendTimeoutMs, cutter } = this.#options
    const task = cutter.takeTick(owner)
    task.deadline = runtime.monotonic() + appendTimeoutMs
    task.owner = this.#watched(owner, task)
    task.state = 'queued'
    this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
  }

  /** A time tick that a user asks for: it waits for room like a message, hence behind all that were submitted before. */
  submitBarrier(owner: TickOwner, options: AppendOptions): void {
    const timeoutMs = this.#begin(options)
    const task = this.#options.cutter.takeTick(owner)
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
      admission.heldBytes += bytes
      return () => {
        admission.heldBytes -= bytes
        bytes = 0
        this.#room.wake()
      }
    })
  }

  /** Calls back once, when budget has become free or a task has left the pipeline, unless the returned function is called. */
  onRoom(callback: () => void): () => void {
    return this.#room.add(callback)
  }

  /** Resolves when all messages taken in by now have their outcome, or never will be sent; rejects only by the signal. */
  async settledSoFar(signal?: AbortSignal): Promise<void> {
    const last = this.#taken
    const { cutter, admission } = this.#options
    while (this.#stopped === undefined) {
      // Each of the three is in order, and behind the one before. A time tick keeps the head for a while only.
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

  /** Resolves once the storage has no room for a batch; with `again`, not before the next refusal. Rejects only by the signal. */
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

  /** Ends for good: everything outstanding is rejected with this error's code and its own outcome. */
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
    this.#enterWaiting()
    this.#room.wake()
  }

  #enterWaiting(): void {
    // After the end what still waits is rejected by `stop`, in order; the pipeline takes nothing any more.
    if (this.#stopped !== undefined) return
    const { admission } = this.#options
    for (let task = admission.next(); task !== undefined; task = admission.next()) this.#pipeline.enter(task)
  }

  /** What is checked before anything is looked at; answers the time-out. */
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
    if (this.#options.admission.enter(task)) this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
    if (signal !== undefined) this.#endWith(signal, task)
  }

  #watched(owner: TaskOwner, task: AppendTask): TaskOwner {
    return this.#options.diagnostics?.watch(owner, task) ?? owner
  }

  /** Apart from what every message passes through, where a function made here would cost each of them. */
  #endWith(signal: AbortSignal, task: AppendTask): void {
    task.stopListening = onAbort(signal, (reason) =>
      this.#giveUp(task, (sent) => this.#outcomes.aborted(task, sent, reason)),
    )
  }

  /** Ends the wait, not the append: what was sent goes on. `tell` is given the batch that was sent, if there is one. */
  #giveUp(task: AppendTask, tell: (sent: BatchInFlight | undefined) => void): void {
    if (task.state === 'settled') return
    const { state } = task
    settle(task)
    if (state === 'waiting') {
      this.#options.admission.abandon(task)
      // It may have been the large one that kept smaller ones waiting.
      this.#enterWaiting()
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
