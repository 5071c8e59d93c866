import {
  AppendError,
  invalidArgument,
  MESSAGE_TYPE,
  type MessageId,
  type WALImpls,
  WalError,
} from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import { BufferedRun } from '../buffer/buffered-run.js'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { ReadableTicks } from '../time-tick/readable-ticks.js'
import type { AppendOptions } from '../wal.js'
import type { Admission } from './admission.js'
import { type ResultContext, StoredResult } from './append-result.js'
import { type AppendTask, MESSAGE_OVERHEAD_BYTES, type TaskOwner } from './append-task.js'
import type { BatchInFlight } from './batch-in-flight.js'
import { Deadlines } from './deadlines.js'
import { TakenMessage } from './new-message.js'
import { outcomeToken } from './outcome-token.js'
import { endOutcome, Pipeline, type PipelineEvents, type PipelineOptions } from './pipeline.js'
import type { Stamp } from './stamp.js'

export interface AppenderOptions extends Omit<PipelineOptions, 'events'> {
  readonly log: WALImpls
  readonly admission: Admission
  readonly stamp: Stamp
  readonly buffer: WriteAheadBuffer
  readonly readable: ReadableTicks
  readonly context: ResultContext
  readonly appendTimeoutMs: number
  /** A batch of users' messages was stored: so many bytes are new since the last time tick. */
  readonly wrote: (bytes: number) => void
  readonly reassert: PipelineEvents['reassert']
  readonly broken: PipelineEvents['broken']
}

/** Brings messages from admission to outcome, and tells each owner: the caller's end of the append path. */
export class Appender implements PipelineEvents {
  readonly #options: AppenderOptions
  readonly #deadlines: Deadlines
  readonly #pipeline: Pipeline
  #roomWanted: (() => void)[] = []
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

  /** Throws when the message can't be taken: too large for ever, too much waiting for now, or aborted already. */
  submit(message: TakenMessage, owner: TaskOwner, options: AppendOptions = {}): void {
    const timeoutMs = this.#begin(options)
    this.#checkSize(message)
    this.#checkRoom(message.bytes + MESSAGE_OVERHEAD_BYTES)
    this.#admit(message, owner, options.signal, this.#options.runtime.now() + timeoutMs)
  }

  /** For a message that was counted by `hold` and is let go of: its place is not refused to it any more. */
  submitHeld(message: TakenMessage, owner: TaskOwner, options: AppendOptions): void {
    const timeoutMs = this.#begin(options)
    this.#checkSize(message)
    this.#admit(message, owner, options.signal, this.#options.runtime.now() + timeoutMs)
  }

  /** All of them or, when it throws, none: together they count as one for the bound on what waits (G19). */
  submitBatch(messages: readonly TakenMessage[], owner: TaskOwner, options: AppendOptions = {}): void {
    const timeoutMs = this.#begin(options)
    let bytes = 0
    for (const message of messages) {
      this.#checkSize(message)
      bytes += message.bytes + MESSAGE_OVERHEAD_BYTES
    }
    this.#checkRoom(bytes)
    const deadline = this.#options.runtime.now() + timeoutMs
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
    const message = new TakenMessage(EMPTY, '', MESSAGE_TYPE.TimeTick, properties)
    const task = this.#task(message, 0, this.#options.runtime.now() + timeoutMs, owner)
    task.state = 'queued'
    this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
  }

  hasRoom(bytes: number): boolean {
    return this.#options.admission.hasRoom(bytes + MESSAGE_OVERHEAD_BYTES)
  }

  /**
   * Counts a message that waits outside (in an interceptor) against the bound on what waits; throws like `submit`.
   * Call what is returned, once or more often, when it waits there no longer.
   */
  hold(message: TakenMessage, options: AppendOptions): () => void {
    this.#begin(options)
    this.#checkSize(message)
    const { admission } = this.#options
    let bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
    this.#checkRoom(bytes)
    admission.heldBytes += bytes
    return () => {
      admission.heldBytes -= bytes
      bytes = 0
      this.#tellRoom()
    }
  }

  /** Calls back once, when budget has become free. */
  onRoom(callback: () => void): void {
    this.#roomWanted.push(callback)
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
    buffer.append(run, runtime.now())
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
    const { admission } = this.#options
    admission.release(bytes)
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

  broken(error: unknown): void {
    this.#options.broken(error)
  }

  /** What is checked before anything is looked at; answers the time-out. */
  #begin(options: AppendOptions): number {
    checkOptions(options)
    const { signal, timeoutMs = this.#options.appendTimeoutMs } = options
    if (this.#stopped !== undefined) throw appendError(this.#stopped, 'not-written', undefined)
    checkTimeout(timeoutMs)
    signal?.throwIfAborted()
    return timeoutMs
  }

  #admit(message: TakenMessage, owner: TaskOwner, signal: AbortSignal | undefined, deadline: number): void {
    const task = this.#task(message, message.bytes + MESSAGE_OVERHEAD_BYTES, deadline, owner)
    if (this.#options.admission.enter(task)) this.#pipeline.enter(task)
    this.#deadlines.watch(deadline)
    if (signal !== undefined) task.stopListening = onAbort(signal, (reason) => this.#giveUp(task, { reason }))
  }

  #task(message: TakenMessage, bytes: number, deadline: number, waiting: TaskOwner): AppendTask {
    const owner = this.#options.diagnostics?.watch(waiting, message) ?? waiting
    return { message, bytes, state: 'waiting', deadline, stopListening: undefined, owner }
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
            {
              outcome: 'not-written',
            },
          )
        : aborted.reason,
    )
  }

  #outstanding(): AppendTask[] {
    const { sent, queued } = this.#pipeline.outstanding()
    return [...sent.flatMap((batch) => batch.tasks), ...queued, ...this.#options.admission.waiting()]
  }

  #tellRoom(): void {
    if (this.#roomWanted.length === 0) return
    const wanted = this.#roomWanted
    this.#roomWanted = []
    for (const callback of wanted) callback()
  }
}

/** Where reading meets a batch: it may lie anywhere behind the last ack when it was sent more than once. Empty: at its ids. */
function placeOf(batch: BatchInFlight): string {
  return batch.attempts > 1 ? batch.lastAckedBefore : ''
}

const EMPTY = new Uint8Array(0)

function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
}

/** A misspelt option must not be a silent default. */
function checkOptions(options: AppendOptions): void {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('append options', 'an object', options)
  for (const name of Object.keys(options))
    if (name !== 'timeoutMs' && name !== 'signal')
      throw invalidArgument(`append option "${name}"`, 'one of timeoutMs, signal')
  if (options.signal !== undefined && typeof options.signal?.addEventListener !== 'function')
    throw invalidArgument('signal', 'an AbortSignal', options.signal)
}

function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0) || timeoutMs > 2 ** 31 - 1)
    throw invalidArgument('timeoutMs', 'a number of milliseconds above 0 and below 2^31', timeoutMs)
}

function appendError(
  error: unknown,
  outcome: AppendError['outcome'],
  token: string | undefined,
): AppendError {
  const options = { outcome, cause: error, ...(token === undefined ? {} : { token }) }
  return WalError.isInstance(error)
    ? new AppendError(error.code, error.message, options)
    : new AppendError('WAL_UNAVAILABLE', error instanceof Error ? error.message : String(error), options)
}
