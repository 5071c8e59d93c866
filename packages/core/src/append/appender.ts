import {
  AppendError,
  invalidArgument,
  MESSAGE_TYPE,
  type MessageId,
  type WALImpls,
  WalError,
} from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { AppendOptions, AppendResult } from '../wal.js'
import type { Admission } from './admission.js'
import { type ResultContext, StoredResult } from './append-result.js'
import { type AppendTask, MESSAGE_OVERHEAD_BYTES, type TaskOwner } from './append-task.js'
import { type BatchInFlight, recordsOf } from './batch-in-flight.js'
import { Deadlines } from './deadlines.js'
import type { TakenMessage } from './new-message.js'
import { outcomeToken } from './outcome-token.js'
import { endOutcome, Pipeline, type PipelineEvents, type PipelineOptions } from './pipeline.js'
import type { Stamp } from './stamp.js'

export interface AppenderOptions extends Omit<PipelineOptions, 'events'> {
  readonly log: WALImpls
  readonly admission: Admission
  readonly stamp: Stamp
  readonly buffer: WriteAheadBuffer
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
    const { signal, timeoutMs = this.#options.appendTimeoutMs } = options
    checkTimeout(timeoutMs)
    signal?.throwIfAborted()
    this.#checkSize(message)
    const bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
    this.#options.admission.check(bytes)
    const task = this.#task(message, bytes, this.#options.runtime.now() + timeoutMs, owner)
    if (this.#options.admission.enter(task)) this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
    if (signal !== undefined) task.stopListening = onAbort(signal, (reason) => this.#giveUp(task, { reason }))
  }

  /** A time tick: not charged to the budget, which must never keep ticks from flowing. */
  submitTick(
    properties: readonly string[],
    owner: TaskOwner,
    timeoutMs = this.#options.appendTimeoutMs,
  ): void {
    const message = { payload: EMPTY, vchannel: '', type: MESSAGE_TYPE.TimeTick, properties, bytes: 0 }
    const task = this.#task(message, 0, this.#options.runtime.now() + timeoutMs, owner)
    task.state = 'queued'
    this.#pipeline.enter(task)
    this.#deadlines.watch(task.deadline)
  }

  hasRoom(bytes: number): boolean {
    return this.#options.admission.hasRoom(bytes + MESSAGE_OVERHEAD_BYTES)
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
    this.#deadlines.close()
    this.#pipeline.stop(() => error)
    const waiting = this.#options.admission.waiting()
    for (const task of waiting) this.#options.admission.abandon(task)
    this.failed(waiting, error, undefined)
    this.#tellRoom()
  }

  stored(batch: BatchInFlight, ids: readonly MessageId[]): string {
    const { buffer, context, stamp, runtime, wrote } = this.#options
    const records = recordsOf(batch, ids, context.writer)
    buffer.append(records, batch.charged, runtime.now())
    for (const record of records)
      if (record.type === MESSAGE_TYPE.TimeTick) stamp.previousTick = context.ids.serialise(record.id)
    if (batch.charged > 0) wrote(batch.charged)
    return context.ids.serialise(ids[ids.length - 1] as MessageId)
  }

  settled(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { tasks, timeTicks } = batch
    const lastConfirmed = batch.attempts > 1 ? batch.lastAckedBefore : ''
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      settle(task)
      const id = ids[i] as MessageId
      task.owner.resolve(
        new StoredResult(this.#options.context, id, lastConfirmed, timeTicks[i] as bigint, task.vchannel),
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
    for (let task = admission.next(); task !== undefined; task = admission.next()) this.#pipeline.enter(task)
    this.#tellRoom()
  }

  reassert(signal: AbortSignal): Promise<WALImpls> {
    return this.#options.reassert(signal)
  }

  broken(error: unknown): void {
    this.#options.broken(error)
  }

  #task(message: TakenMessage, bytes: number, deadline: number, owner: TaskOwner): AppendTask {
    const { payload, vchannel, type, properties } = message
    return {
      payload,
      vchannel,
      type,
      properties,
      bytes,
      state: 'waiting',
      deadline,
      stopListening: undefined,
      owner,
    }
  }

  #checkSize(message: TakenMessage): void {
    const { maxRecordBytes } = this.log.limits
    // The library's own properties take some of the record as well.
    const bytes = message.bytes + MESSAGE_OVERHEAD_BYTES
    if (bytes <= maxRecordBytes) return
    throw new AppendError(
      'WAL_MESSAGE_TOO_LARGE',
      `${this.#options.where}: a message of ${bytes} bytes (payload, properties and ${MESSAGE_OVERHEAD_BYTES} for the library's own) is more than the backend's largest record of ${maxRecordBytes}`,
      { outcome: 'not-written' },
    )
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
    if (state === 'waiting') this.#options.admission.abandon(task)
    else {
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

const EMPTY = new Uint8Array(0)

function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
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
