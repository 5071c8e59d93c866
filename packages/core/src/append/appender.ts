import {
  AppendError,
  MESSAGE_TYPE,
  type MessageId,
  type TimeTick,
  type WALImpls,
  WalError,
} from '@wal/walimpls'
import { abortable, onAbort } from '@wal/walimpls/helper'
import { BufferedRun } from '../buffer/buffered-run.js'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { ReadableTicks } from '../time-tick/readable-ticks.js'
import type { AppendOptions, NewMessage } from '../wal.js'
import type { Admission } from './admission.js'
import { appendError } from './append-error.js'
import { checkAppendOptions, checkTimeout } from './append-options.js'
import { type ResultContext, StoredResult } from './append-result.js'
import { type AppendTask, MESSAGE_OVERHEAD_BYTES, type TaskOwner } from './append-task.js'
import type { BatchInFlight } from './batch-in-flight.js'
import { Deadlines } from './deadlines.js'
import { MessageArena } from './message-arena.js'
import { TakenMessage, takeMessage } from './new-message.js'
import { outcomeToken } from './outcome-token.js'
import { endOutcome, Pipeline, type PipelineEvents, type PipelineOptions } from './pipeline.js'
import type { Stamp } from './stamp.js'

export interface AppenderOptions
  extends Omit<PipelineOptions, 'events'>,
    Pick<PipelineEvents, 'reassert' | 'confirm' | 'broken'> {
  readonly log: WALImpls
  readonly admission: Admission
  readonly stamp: Stamp
  readonly buffer: WriteAheadBuffer
  readonly readable: ReadableTicks
  readonly context: ResultContext
  readonly appendTimeoutMs: number
  /** A batch of users' messages was stored: so many bytes are new since the last time tick. */
  readonly wrote: (bytes: number) => void
}

/** Brings messages from admission to outcome, and tells each owner: the caller's end of the append path. */
export class Appender implements PipelineEvents {
  readonly #options: AppenderOptions
  readonly #deadlines: Deadlines
  readonly #pipeline: Pipeline
  readonly #arena = new MessageArena()
  #roomWanted = new Set<() => void>()
  /** Ordinal of the message that was taken in last. */
  #taken = 0
  /** Why nothing is taken any more. */
  #stopped: WalError | undefined

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#pipeline = new Pipeline(options.log, { ...options, events: this })
    this.#deadlines = new Deadlines(
      options.runtime,
      () => this.#outstanding(),
      (task) => this.#giveUp(task, undefined),
    )
  }

  get log(): WALImpls {
    return this.#pipeline.log
  }

  /** Serialised id of the last acknowledged record. */
  get lastAcked(): string {
    return this.#pipeline.lastAcked
  }

  get idle(): boolean {
    return this.#pipeline.idle
  }

  /** Checks and copies a message (`WAL_INVALID_ARGUMENT`); it counts for nothing until it is submitted. */
  take(message: NewMessage, barrierTimeTick?: TimeTick): TakenMessage {
    return takeMessage(this.#arena, message, barrierTimeTick)
  }

  /** Throws when the message can't be taken: too large for ever, too much waiting for now, or aborted already. */
  submit(message: TakenMessage, owner: TaskOwner, options: AppendOptions = {}): void {
    const timeoutMs = this.#begin(options)
    this.#checkSize(message)
    this.#checkRoom(message.bytes + MESSAGE_OVERHEAD_BYTES)
    this.#admit(message, owner, options.signal, this.#options.runtime.monotonic() + timeoutMs)
  }

  /** For a message that was counted by `hold` and is let go of: its place is not refused to it any more. */
  submitHeld(message: TakenMessage, owner: TaskOwner, options: AppendOptions): void {
    const timeoutMs = this.#begin(options)
    this.#checkSize(message)
    this.#admit(message, owner, options.signal, this.#options.runtime.monotonic() + timeoutMs)
  }

  /** All of them or, when it throws, none: together they count as one for the bound on what waits (G19). */
  submitBatch(messages: readonly TakenMessage[], owner: TaskOwner, options: AppendOptions = {}): void {
    const timeoutMs = this.#begin(options)
    this.#checkRoom(this.#checkSizes(messages))
    const deadline = this.#options.runtime.monotonic() + timeoutMs
    for (const message of messages) this.#admit(message, owner, options.signal, deadline)
  }

  /** A time tick: not charged to the budget, which must never keep ticks from flowing. */
  submitTick(
    properties: readonly string[],
    owner: TaskOwner,
    timeoutMs = this.#options.appendTimeoutMs,
  ): void {
    checkTimeout(timeoutMs)
    if (this.#stopped !== undefined) {
      owner.reject(appendError(this.#stopped, 'not-written', undefined))
      return
    }
    const message = new TakenMessage(this.#arena, new Uint8Array(0), '', MESSAGE_TYPE.TimeTick, properties)
    const task = this.#task(message, 0, 0, this.#options.runtime.monotonic() + timeoutMs, owner)
    task.state = 'queued'
    this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
  }

  hasRoom(bytes: number): boolean {
    return this.#options.admission.hasRoom(bytes + MESSAGE_OVERHEAD_BYTES)
  }

  /**
   * Counts messages that wait outside (in an interceptor) against the bound on what waits: all of them or, when it throws
   * as `submit` does, none. Call what is returned for each, once or more often, when it waits there no longer.
   */
  hold(messages: readonly TakenMessage[], options: AppendOptions): (() => void)[] {
    this.#begin(options)
    const { admission } = this.#options
    this.#checkRoom(this.#checkSizes(messages))
    return messages.map((message) => {
      let bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
      admission.heldBytes += bytes
      return () => {
        admission.heldBytes -= bytes
        bytes = 0
        this.#tellRoom()
      }
    })
  }

  /** Calls back once, when budget has become free or a task has left the pipeline, unless the returned function is called. */
  onRoom(callback: () => void): () => void {
    const wanted = this.#roomWanted.add(callback)
    return () => wanted.delete(callback)
  }

  /** Resolves when all messages taken in by now have their outcome, or never will be sent; rejects only by the signal. */
  async settledSoFar(signal?: AbortSignal): Promise<void> {
    const last = this.#taken
    const { cutter, admission } = this.#options
    while (this.#stopped === undefined) {
      // Each of the three is in order, and behind the one before. A time tick keeps the head for a while only.
      const oldest = this.#pipeline.head?.tasks[0] ?? cutter.oldest ?? admission.oldest
      if (oldest === undefined || oldest.ordinal > last) return
      await this.#change(signal)
    }
  }

  /** Resolves when no message in flight has a time tick at or below this one. */
  async confirmed(timeTick: TimeTick, signal?: AbortSignal): Promise<void> {
    while (this.#stopped === undefined) {
      const { head } = this.#pipeline
      if (head === undefined || head.firstTimeTick > timeTick) return
      await this.#change(signal)
    }
  }

  drained(): Promise<void> {
    return this.#pipeline.drained()
  }

  /** Ends for good: everything outstanding is rejected with this error's code and its own outcome. */
  stop(error: WalError): void {
    this.#stopped ??= error
    this.#deadlines.close()
    this.#pipeline.stop(error)
    const waiting = this.#options.admission.waiting()
    for (const task of waiting) this.#options.admission.abandon(task)
    this.failed(waiting, error, undefined)
    this.#tellRoom()
  }

  stored(batch: BatchInFlight, ids: readonly MessageId[]): string {
    const { buffer, readable, context, stamp, runtime, wrote } = this.#options
    const { tasks, firstTimeTick } = batch
    const { writer } = context
    const run = new BufferedRun(tasks, { ids, firstTimeTick, writer, lastConfirmed: placeOf(batch) })
    buffer.append(run, runtime.monotonic())
    readable.acknowledged(tasks, firstTimeTick)
    for (let i = 0; i < tasks.length; i++)
      if ((tasks[i] as AppendTask).message.type === MESSAGE_TYPE.TimeTick)
        stamp.previousTick = context.ids.serialise(ids[i] as MessageId)
    if (batch.charged > 0) wrote(batch.charged)
    return context.ids.serialise(ids[ids.length - 1] as MessageId)
  }

  settled(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { tasks, firstTimeTick } = batch
    const lastConfirmed = placeOf(batch)
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      settle(task)
      const id = ids[i] as MessageId
      task.owner.resolve(
        new StoredResult(
          this.#options.context,
          id,
          lastConfirmed,
          firstTimeTick + BigInt(i),
          task.message.vchannel,
        ),
      )
    }
  }

  failed(tasks: readonly AppendTask[], error: unknown, batch: BatchInFlight | undefined): void {
    const outcome = endOutcome(batch)
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      settle(task)
      const token =
        outcome === 'unknown' && batch !== undefined
          ? outcomeToken(this.#options.context, batch, i)
          : undefined
      task.owner.reject(appendError(error, outcome, token))
    }
  }

  released(bytes: number): void {
    this.#options.admission.release(bytes)
    this.#enterWaiting()
    this.#tellRoom()
  }

  #enterWaiting(): void {
    // After the end what still waits is rejected by `stop`, in order; the pipeline takes nothing any more.
    if (this.#stopped !== undefined) return
    const { admission } = this.#options
    for (let task = admission.next(); task !== undefined; task = admission.next()) this.#pipeline.enter(task)
  }

  reassert(signal: AbortSignal): Promise<WALImpls> {
    return this.#options.reassert(signal)
  }

  confirm(signal: AbortSignal): Promise<void> {
    return this.#options.confirm(signal)
  }

  broken(error: unknown): void {
    this.#options.broken(error)
  }

  /** What is checked before anything is looked at; answers the time-out. */
  #begin(options: AppendOptions): number {
    checkAppendOptions(options)
    const { signal, timeoutMs = this.#options.appendTimeoutMs } = options
    if (this.#stopped !== undefined) throw appendError(this.#stopped, 'not-written', undefined)
    checkTimeout(timeoutMs)
    signal?.throwIfAborted()
    return timeoutMs
  }

  #admit(message: TakenMessage, owner: TaskOwner, signal: AbortSignal | undefined, deadline: number): void {
    const bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
    const task = this.#task(message, bytes, ++this.#taken, deadline, owner)
    if (this.#options.admission.enter(task)) this.#pipeline.enter(task)
    this.#deadlines.watch(deadline)
    if (signal !== undefined) task.stopListening = onAbort(signal, (reason) => this.#giveUp(task, { reason }))
  }

  #task(
    message: TakenMessage,
    bytes: number,
    ordinal: number,
    deadline: number,
    waiting: TaskOwner,
  ): AppendTask {
    const owner = this.#options.diagnostics?.watch(waiting, message) ?? waiting
    return { message, bytes, ordinal, state: 'waiting', deadline, stopListening: undefined, owner }
  }

  /** Answers what they cost together. */
  #checkSizes(messages: readonly TakenMessage[]): number {
    let bytes = 0
    for (const message of messages) {
      this.#checkSize(message)
      bytes += message.bytes + MESSAGE_OVERHEAD_BYTES
    }
    return bytes
  }

  #checkSize(message: TakenMessage): void {
    const { maxRecordBytes } = this.log.limits
    // The library's own properties take some of the record as well.
    const bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
    if (bytes <= maxRecordBytes) return
    throw this.#refused(
      new AppendError(
        'WAL_MESSAGE_TOO_LARGE',
        `${this.#options.where}: a message of ${bytes} bytes (payload, properties and ${MESSAGE_OVERHEAD_BYTES} for the library's own) is more than the backend's largest record of ${maxRecordBytes}`,
        { outcome: 'not-written' },
      ),
    )
  }

  #checkRoom(bytes: number): void {
    try {
      this.#options.admission.check(bytes)
    } catch (error) {
      throw this.#refused(error)
    }
  }

  #refused<E>(error: E): E {
    this.#options.diagnostics?.refused(error)
    return error
  }

  /** Ends the wait, not the append: what was sent goes on. `aborted` undefined: the deadline passed. */
  #giveUp(task: AppendTask, aborted: { readonly reason: unknown } | undefined): void {
    if (task.state === 'settled') return
    const { state } = task
    settle(task)
    const { where } = this.#options
    if (state === 'sent') {
      const batch = this.#pipeline.outstanding().sent.find(({ tasks }) => tasks.includes(task))
      const token = batch && outcomeToken(this.#options.context, batch, batch.tasks.indexOf(task))
      task.owner.reject(
        new AppendError(
          'WAL_OUTCOME_UNKNOWN',
          `${where}: the wait for an append ended before the backend answered; it may be, or may yet be, stored. Resolve the token, or read the log.`,
          {
            outcome: 'unknown',
            cause:
              aborted === undefined ? new WalError('WAL_TIMEOUT', 'the deadline passed') : aborted.reason,
            ...(token === undefined ? {} : { token }),
          },
        ),
      )
      return
    }
    if (state === 'waiting') {
      this.#options.admission.abandon(task)
      // It may have been the large one that kept smaller ones waiting.
      this.#enterWaiting()
      this.#tellRoom()
    } else {
      this.#pipeline.abandon(task)
      this.released(task.bytes)
    }
    task.owner.reject(
      aborted === undefined
        ? new AppendError(
            'WAL_TIMEOUT',
            `${where}: the deadline passed before the message was sent: it is not written`,
            { outcome: 'not-written' },
          )
        : aborted.reason,
    )
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    let forget = (): void => {}
    const change = new Promise<void>((resolve) => {
      forget = this.onRoom(resolve)
    })
    return abortable(change, signal).finally(forget)
  }

  #outstanding(): AppendTask[] {
    const { sent, queued } = this.#pipeline.outstanding()
    return [...sent.flatMap((batch) => batch.tasks), ...queued, ...this.#options.admission.waiting()]
  }

  #tellRoom(): void {
    if (this.#roomWanted.size === 0) return
    const wanted = this.#roomWanted
    this.#roomWanted = new Set()
    for (const callback of wanted) callback()
  }
}

/** Where reading meets a batch: it may lie anywhere behind the last ack when it was sent more than once. Empty: at its ids. */
function placeOf(batch: BatchInFlight): string {
  return batch.attempts > 1 ? batch.lastAckedBefore : ''
}

function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
}
