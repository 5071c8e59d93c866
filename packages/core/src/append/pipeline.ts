import {
  type AppendError,
  type MessageId,
  outcomeOf,
  type Runtime,
  type WALImpls,
  WalError,
} from '@wal/walimpls'
import { abortable, sleep } from '@wal/walimpls/helper'
import type { AppendDiagnostics } from '../diagnostics/append-diagnostics.js'
import type { Logger } from '../diagnostics/logger.js'
import { isFenced, mayPass } from '../errors/classify.js'
import type { AppendTask } from './append-task.js'
import type { BatchCutter } from './batch-cutter.js'
import type { BatchInFlight } from './batch-in-flight.js'

/** Whom the pipeline tells. Every call is synchronous and must not throw. */
export interface PipelineEvents {
  /** A batch is stored: in order, before its tasks are told. Answers the serialised id of its last record. */
  stored(batch: BatchInFlight, ids: readonly MessageId[]): string
  settled(batch: BatchInFlight, ids: readonly MessageId[]): void
  failed(tasks: readonly AppendTask[], error: unknown, batch: BatchInFlight | undefined): void
  /** So many charged bytes are free again. */
  released(bytes: number): void
  /**
   * The backend said `WAL_FENCED`. Resolves to the log to go on with; rejects when the log holds a newer writer, after
   * it has stopped the pipeline.
   */
  reassert(signal: AbortSignal): Promise<WALImpls>
  /**
   * Something is stored behind a fence taken back. Rejects, after it has stopped the pipeline, when a newer writer was in
   * the log before: one that came after `reassert` had looked.
   */
  confirm(signal: AbortSignal): Promise<void>
  /** Sending again can't help any more: the writer is at its end. The pipeline has not stopped yet. */
  broken(error: unknown): void
}

export interface PipelineOptions {
  readonly cutter: BatchCutter
  readonly events: PipelineEvents
  readonly runtime: Runtime
  readonly logger: Logger
  readonly where: string
  /** A further batch is sent while others are in flight only when so many bytes are queued. */
  readonly pipelineBytes: number
  /** How long a batch smaller than `pipelineBytes` waits for company. */
  readonly lingerMs: number
  /** Id of the last acknowledged record, serialised. */
  readonly lastAcked: string
  readonly diagnostics: AppendDiagnostics | undefined
}

const FIRST_RETRY_MS = 10
const MAX_RETRY_MS = 5000

/**
 * The ordered part of an append: keeps batches in flight, sends the very same ones again after a failure (G3),
 * settles in order.
 */
export class Pipeline {
  readonly #options: PipelineOptions
  readonly #stopping = new AbortController()
  #log: WALImpls
  #inFlight: BatchInFlight[] = []
  #lastAcked: string
  /** `failing`: an append failed, others are still in flight. `recovering`: all have an outcome, some are sent again. */
  #state: 'running' | 'failing' | 'recovering' | 'stopped' = 'running'
  #pumpPlanned = false
  #turnPlanned = false
  #lingering: { clear(): void } | undefined
  #lingered = false
  /** Set by `drained`: nothing lingers any more. */
  #draining = false
  #idle: (() => void)[] = []
  /** The fence was taken back: nothing is acknowledged before a look at what came while it was taken. */
  #unconfirmed = false
  #confirming: Promise<void> | undefined

  constructor(log: WALImpls, options: PipelineOptions) {
    this.#log = log
    this.#options = options
    this.#lastAcked = options.lastAcked
  }

  get log(): WALImpls {
    return this.#log
  }

  /** Everything taken in whose outcome is open. */
  outstanding(): { readonly sent: readonly BatchInFlight[]; readonly queued: readonly AppendTask[] } {
    return { sent: this.#inFlight, queued: this.#options.cutter.queued() }
  }

  get lastAcked(): string {
    return this.#lastAcked
  }

  get idle(): boolean {
    return this.#inFlight.length === 0 && this.#options.cutter.empty
  }

  /** The batch that settles next. */
  get head(): BatchInFlight | undefined {
    return this.#inFlight[0]
  }

  /** Takes in an admitted task. The batch is cut in a microtask, so that appends made in one turn travel together. */
  enter(task: AppendTask): void {
    this.#options.cutter.push(task)
    if (this.#pumpPlanned) return
    this.#pumpPlanned = true
    queueMicrotask(() => {
      this.#pumpPlanned = false
      this.#pump()
    })
  }

  /** A queued task gave up. */
  abandon(task: AppendTask): void {
    this.#options.cutter.abandon(task)
    this.#tellIdle()
  }

  /** Resolves when nothing is queued or in flight. */
  drained(): Promise<void> {
    this.#draining = true
    this.#pump()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#tellIdle()
    })
  }

  /** Ends for good: what has not settled fails with this error. */
  stop(error: unknown): void {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#stopping.abort(new WalError('WAL_CLOSED', `${this.#options.where}: closed`))
    this.#lingering?.clear()
    const inFlight = this.#inFlight
    this.#inFlight = []
    for (const batch of inFlight) this.#fail(batch, error)
    const queued = this.#options.cutter.queued()
    this.#options.events.failed(queued, error, undefined)
    for (const task of queued) this.#options.events.released(task.bytes)
    this.#tellIdle()
  }

  /** `atTurn`: called at the beginning of a turn of the event loop. */
  #pump(atTurn = false): void {
    const { cutter, pipelineBytes } = this.#options
    while (this.#state === 'running' && this.#inFlight.length < this.#log.limits.maxInFlightBatches) {
      if (cutter.queuedBytes < pipelineBytes && (this.#inFlight.length > 0 || !this.#lingerIsOver())) return
      // A rejection is on its way for some microtasks: one behind a batch that has failed must not be handed in (G3).
      if (this.#inFlight.length > 0 && !atTurn) {
        this.#planTurn()
        return
      }
      const batch = cutter.cut(this.#log.limits, this.#lastAcked)
      if (batch === undefined) return
      this.#inFlight.push(batch)
      void this.#attempt(batch).then(() => this.#settle())
    }
  }

  #planTurn(): void {
    if (this.#turnPlanned) return
    this.#turnPlanned = true
    void this.#options.runtime.yield().then(() => {
      this.#turnPlanned = false
      this.#pump(true)
    })
  }

  #lingerIsOver(): boolean {
    const { cutter, lingerMs, runtime } = this.#options
    if (lingerMs === 0 || cutter.empty || this.#draining) return true
    if (this.#lingered) {
      this.#lingered = false
      return true
    }
    this.#lingering ??= runtime.setTimeout(() => {
      this.#lingering = undefined
      this.#lingered = true
      this.#pump()
    }, lingerMs)
    return false
  }

  /** Sends a batch once; never rejects. */
  async #attempt(batch: BatchInFlight): Promise<void> {
    batch.attempts++
    batch.outcome = undefined
    const sent = this.#options.diagnostics?.sending(batch)
    try {
      const ids = await this.#log.append(batch.batch)
      const { length } = batch.tasks
      if (ids.length !== length) throw wrongAnswer(this.#options.where, ids.length, length)
      if (this.#unconfirmed) await this.#confirm(batch)
      batch.outcome = { ids }
      sent?.()
    } catch (error) {
      batch.outcome = { error }
      sent?.(error)
      if (outcomeOf(error) === 'unknown') batch.maybeWritten = true
    }
  }

  async #confirm(batch: BatchInFlight): Promise<void> {
    // Behind a newer writer's opening record it is void; before it, it counts.
    batch.maybeWritten = true
    this.#confirming ??= this.#options.events.confirm(this.#stopping.signal).finally(() => {
      this.#confirming = undefined
    })
    await this.#confirming
    this.#unconfirmed = false
  }

  /** Settles from the front; at a failure waits until all in flight have an outcome, then recovers. */
  #settle(): void {
    while (this.#state === 'running') {
      const head = this.#inFlight[0]
      if (head?.outcome === undefined) break
      if ('error' in head.outcome) this.#state = 'failing'
      else {
        this.#inFlight.shift()
        this.#succeed(head, head.outcome.ids)
      }
    }
    if (this.#state === 'running') {
      this.#pump()
      this.#tellIdle()
    } else if (this.#state === 'failing' && this.#inFlight.every((batch) => batch.outcome !== undefined)) {
      // A driver may fail everything in flight at one blow: only the first to come here starts the recovery.
      this.#state = 'recovering'
      this.#recover().then(
        () => {
          if (this.#state !== 'recovering') return
          this.#state = 'running'
          this.#pump()
          this.#tellIdle()
        },
        (error: unknown) => {
          // A stop, by close or because `reassert` met a newer writer, ends up here as well.
          if (this.#state === 'recovering') this.#options.events.broken(error)
        },
      )
    }
  }

  /** Until everything that was in flight is stored or refused for ever. */
  async #recover(): Promise<void> {
    const { runtime, logger, where } = this.#options
    const { signal } = this.#stopping
    for (let attempt = 0; this.#inFlight.length > 0; attempt++) {
      const failed = this.#inFlight[0] as BatchInFlight
      const { error } = failed.outcome as { error: unknown }
      this.#checkPrefix(failed, error)
      if (isFinal(error)) {
        this.#inFlight.shift()
        this.#fail(failed, error)
      } else if (isHopeless(error)) throw error
      else {
        logger.warn(
          { error, attempt, sequence: failed.batch.sequence },
          `${where}: append failed, sending again`,
        )
        if (isFenced(error)) {
          this.#log = await this.#options.events.reassert(signal)
          this.#unconfirmed = true
        } else {
          const ms = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 16))
          await sleep(runtime, ms * (0.5 + runtime.random() / 2), signal)
        }
      }
      await abortable(Promise.all(this.#inFlight.map((batch) => this.#attempt(batch))), signal)
      for (let head = this.#inFlight[0]; head?.outcome && 'ids' in head.outcome; head = this.#inFlight[0]) {
        this.#inFlight.shift()
        this.#succeed(head, head.outcome.ids)
      }
    }
  }

  /** A batch stored behind one that failed would make a hole that readers never see filled (G3): stop rather than lose. */
  #checkPrefix(failed: BatchInFlight, cause: unknown): void {
    const late = this.#inFlight.find((batch) => batch.outcome !== undefined && 'ids' in batch.outcome)
    if (late === undefined) return
    throw new WalError(
      'WAL_CORRUPT',
      `${this.#options.where}: the backend stored batch ${late.batch.sequence} although batch ${failed.batch.sequence} before it had failed`,
      { cause },
    )
  }

  #succeed(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { events } = this.#options
    this.#lastAcked = events.stored(batch, ids)
    events.settled(batch, ids)
    events.released(batch.charged)
  }

  #fail(batch: BatchInFlight, error: unknown): void {
    this.#options.events.failed(batch.tasks, error, batch)
    this.#options.events.released(batch.charged)
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || !this.idle) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

/** A backend that breaks its contract: what it stored is anybody's guess, so the writer ends. */
function wrongAnswer(where: string, answered: number, expected: number): WalError {
  return new WalError(
    'WAL_CORRUPT',
    `${where}: the backend answered ${answered} ids for ${expected} messages`,
  )
}

/** The log itself is beyond help (`WAL_CORRUPT` found at a takeover, say): no batch will ever be stored by this writer. */
function isHopeless(error: unknown): boolean {
  return !mayPass(error) && !isFenced(error)
}

/** Refused for ever: sending the same batch again can't help. */
function isFinal(error: unknown): boolean {
  return (
    WalError.isInstance(error) &&
    (error.code === 'WAL_MESSAGE_TOO_LARGE' || error.code === 'WAL_INVALID_ARGUMENT') &&
    outcomeOf(error) === 'not-written'
  )
}

/** What to tell the callers of a batch that will not be sent again. */
export function endOutcome(batch: BatchInFlight | undefined): AppendError['outcome'] {
  if (batch === undefined) return 'not-written'
  const pending = batch.outcome === undefined && batch.attempts > 0
  return batch.maybeWritten || pending ? 'unknown' : 'not-written'
}
