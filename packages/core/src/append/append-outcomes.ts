import { MESSAGE_TYPE, type MessageId, type Runtime } from '@wal/walimpls'
import { BufferedRun } from '../buffer/buffered-run.js'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { ReadableTicks } from '../time-tick/readable-ticks.js'
import { appendError, stillOnItsWay } from './append-error.js'
import { type ResultContext, StoredResult } from './append-result.js'
import { type AppendTask, settle } from './append-task.js'
import { type BatchInFlight, endOutcome } from './batch-in-flight.js'
import { outcomeToken } from './outcome-token.js'
import type { Stamp } from './stamp.js'

export interface AppendOutcomesOptions {
  readonly stamp: Stamp
  readonly buffer: WriteAheadBuffer
  readonly readable: ReadableTicks
  readonly context: ResultContext
  readonly runtime: Runtime
  readonly where: string
  /** A batch of users' messages was stored: so many bytes are new since the last time tick. */
  readonly wrote: (bytes: number) => void
}

/** What becomes of batches: those that are stored are made known to readers, then every owner is told. */
export class AppendOutcomes {
  readonly #options: AppendOutcomesOptions

  constructor(options: AppendOutcomesOptions) {
    this.#options = options
  }

  /** Answers the serialised id of the batch's last record. */
  stored(batch: BatchInFlight, ids: readonly MessageId[]): string {
    const { buffer, readable, context, stamp, runtime, wrote } = this.#options
    const { tasks, firstTimeTick } = batch
    const { writer } = context
    const packed = context.ids.pack?.(ids) ?? ids
    const run = new BufferedRun(tasks, { ids: packed, firstTimeTick, writer, lastConfirmed: placeOf(batch) })
    buffer.append(run, runtime.monotonic())
    readable.acknowledged(tasks, firstTimeTick)
    let fresh = batch.charged
    for (let i = 0; i < tasks.length; i++) {
      const { message, bytes } = tasks[i] as AppendTask
      if (message.type !== MESSAGE_TYPE.TimeTick) continue
      stamp.previousTick = context.ids.serialise(ids[i] as MessageId)
      // A barrier is charged, and calls for no time tick behind it.
      fresh -= bytes
    }
    if (fresh > 0) wrote(fresh)
    return context.ids.serialise(ids[ids.length - 1] as MessageId)
  }

  settled(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { tasks, firstTimeTick } = batch
    const stored = { context: this.#options.context, lastConfirmed: placeOf(batch), firstTimeTick }
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      if (task.state === 'settled') continue
      settle(task)
      task.owner.resolve(new StoredResult(stored, i, ids[i] as MessageId, task.message.vchannel))
    }
  }

  /** `batch` undefined: they had not been sent. */
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

  /** The owner of a message that was sent waits no longer. */
  leftAlone(task: AppendTask, batch: BatchInFlight | undefined, cause: unknown): void {
    const token = batch && outcomeToken(this.#options.context, batch, batch.tasks.indexOf(task))
    task.owner.reject(stillOnItsWay(this.#options.where, cause, token))
  }
}

/** Where reading meets a batch: it may lie anywhere behind the last ack when it was sent more than once. Empty: at its ids. */
function placeOf(batch: BatchInFlight): string {
  return batch.attempts > 1 ? batch.lastAckedBefore : ''
}
