import { MESSAGE_TYPE, type MessageId, type Runtime, WalError } from '@wal/walimpls'
import { BufferedRun } from '../buffer/buffered-run.js'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { Trouble } from '../diagnostics/trouble.js'
import {
  type AppendTask,
  decidingIndex,
  type SplitMessage,
  settle,
  type TaskOwner,
} from '../message/append-task.js'
import { type BatchInFlight, endOutcome } from '../message/batch-in-flight.js'
import type { Stamp } from '../message/stamp.js'
import { appendError, notSentInTime, stillOnItsWay } from './append-error.js'
import { type ResultContext, type StoredBatch, StoredResult } from './append-result.js'
import { type Failure, FailureTurns } from './failure-turns.js'
import type { InSlices } from './in-slices.js'
import { outcomeToken } from './outcome-token.js'
import type { ReadableTicks } from './readable-ticks.js'

export interface AppendOutcomesOptions {
  readonly stamp: Stamp
  readonly buffer: WriteAheadBuffer
  readonly readable: ReadableTicks
  readonly context: ResultContext
  readonly runtime: Runtime
  readonly where: string
  /** Knows the last failure of the backend while batches are being sent again. */
  readonly trouble: Trouble
  /** Called with the bytes of users' messages in each stored batch: a time tick has to follow them some time. */
  readonly wrote: (bytes: number) => void
}

/**
 * Tells what became of batches: a stored one is first given to readers in the write-ahead buffer, then its owners are told.
 */
export class AppendOutcomes {
  readonly #options: AppendOutcomesOptions
  readonly #slices: InSlices
  readonly #turns: FailureTurns
  readonly #timedOut: Leaving
  /** What owners are told whose signal aborted, kept for the next of them: one signal may end thousands of waits. */
  #aborted: (Leaving & { readonly reason: unknown }) | undefined

  constructor(options: AppendOutcomesOptions, slices: InSlices) {
    const { context, where, trouble } = options
    this.#options = options
    this.#slices = slices
    this.#turns = new FailureTurns(slices, (sent) => outcomeToken(context, sent))
    this.#timedOut = {
      sent: {
        of: (token) =>
          stillOnItsWay(where, new WalError('WAL_TIMEOUT', 'the deadline passed'), {
            token,
            failure: trouble.last,
          }),
      },
      unsent: { of: () => notSentInTime(where, trouble.last) },
    }
  }

  /** The backend stored the batch: gives it to readers. Answers the serialised id of the last record of the batch. */
  stored(batch: BatchInFlight, ids: readonly MessageId[]): string {
    const { buffer, readable, context, stamp, runtime, wrote } = this.#options
    const { tasks, firstTimeTick } = batch
    const { writer } = context
    const packed = context.ids.pack?.(ids) ?? ids
    const parts = { ids: packed, firstTimeTick, writer, lastConfirmed: placeOf(batch) }
    const run = new BufferedRun(batch.batch, parts)
    buffer.append(run, runtime.monotonic())
    readable.acknowledged(tasks, firstTimeTick)
    let fresh = batch.charged
    for (let i = 0; i < tasks.length; i++) {
      const { type, charged } = tasks[i] as AppendTask
      if (type !== MESSAGE_TYPE.TimeTick) continue
      stamp.previousTick = context.ids.serialise(ids[i] as MessageId)
      // A barrier is a time tick itself, so none has to follow it, though the budget was charged for it.
      fresh -= charged
    }
    if (fresh > 0) wrote(fresh)
    return context.ids.serialise(ids[ids.length - 1] as MessageId)
  }

  settled(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { tasks, firstTimeTick } = batch
    const stored = { context: this.#options.context, lastConfirmed: placeOf(batch), firstTimeTick }
    // Owners are told in order: when failures of earlier messages are still to be told, this success waits behind them.
    const { busy } = this.#slices
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      const id = ids[i] as MessageId
      const result =
        task.split === undefined
          ? new StoredResult(stored, id, task)
          : this.#splitResult(task, task.split, { ...stored, index: i, id })
      if (result === undefined) continue
      settle(task)
      if (busy) this.#resolveLater(task.owner, result)
      else task.owner.resolve(result)
    }
  }

  /** A message of several records is settled with the last one, under the id of the first. */
  #splitResult(
    { vchannel }: AppendTask,
    split: SplitMessage,
    { context, firstTimeTick, index, id }: StoredBatch & { readonly index: number; readonly id: MessageId },
  ): StoredResult | undefined {
    split.firstId ??= id
    const { lastTimeTick, lastConfirmed, firstId } = split
    if (firstTimeTick + BigInt(index) < lastTimeTick) return undefined
    const batch = { context, lastConfirmed, firstTimeTick: lastTimeTick }
    return new StoredResult(batch, firstId, { index: 0, vchannel })
  }

  /** A method of its own, since a function made in the loop above would cost every message. */
  #resolveLater(owner: TaskOwner, result: StoredResult): void {
    this.#slices.add(() => owner.resolve(result))
  }

  /** These tasks failed. `batch` is the batch with which they were sent; undefined when they had not been sent. */
  failed(tasks: readonly AppendTask[], error: unknown, batch: BatchInFlight | undefined): void {
    const outcome = endOutcome(batch)
    const sent = outcome === 'unknown' ? batch : undefined
    const { last } = this.#options.trouble
    const failure: Failure = { of: (token) => appendError(error, outcome, { token, failure: last }) }
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      settle(task)
      const message = sent && { batch: sent, index: decidingIndex(task, sent, i) }
      this.#turns.reject(task.owner, failure, message)
    }
  }

  /** The owner of a task waits no longer: its deadline passed. */
  timedOut(task: AppendTask, sent: BatchInFlight | undefined): void {
    this.#leave(task, sent, this.#timedOut)
  }

  /** The owner of a task waits no longer: its signal aborted. */
  aborted(task: AppendTask, sent: BatchInFlight | undefined, reason: unknown): void {
    if (this.#aborted?.reason !== reason) {
      this.#aborted = { reason, ...this.#abortedBy(reason) }
      // Forgotten once all owners were told, so that the reason of the abort does not stay in memory.
      this.#slices.add(() => {
        this.#aborted = undefined
      })
    }
    this.#leave(task, sent, this.#aborted as Leaving)
  }

  #leave(task: AppendTask, batch: BatchInFlight | undefined, { sent, unsent }: Leaving): void {
    const message = batch && { batch, index: decidingIndex(task, batch, task.index) }
    this.#turns.reject(task.owner, message === undefined ? unsent : sent, message)
  }

  #abortedBy(reason: unknown): Leaving {
    const { where, trouble } = this.#options
    return {
      sent: { of: (token) => stillOnItsWay(where, reason, { token, failure: trouble.last }) },
      unsent: { of: () => reason },
    }
  }
}

/** What an owner is told who waits no longer: one thing when the message was sent, another when it was not. */
interface Leaving {
  readonly sent: Failure
  readonly unsent: Failure
}

/**
 * Serialised id from which a reader finds the batch. A batch that was sent once lies at its own ids (empty). One that was sent
 * twice may be stored twice, first behind the record that was acknowledged before it, so reading begins at that record.
 */
function placeOf(batch: BatchInFlight): string {
  return batch.attempts > 1 ? batch.lastAckedBefore : ''
}
