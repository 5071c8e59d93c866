import {
  type MessageId,
  type MessageIdCodec,
  outcomeOf,
  type Runtime,
  type WALImpls,
  WalError,
} from '@wal/walimpls'
import { abortable, backoffMs, sleep, WakeList } from '@wal/walimpls/helper'
import type { AppendDiagnostics } from '../diagnostics/append-diagnostics.js'
import type { Trouble } from '../diagnostics/trouble.js'
import { isFenced, isStorageFull } from '../log/classify.js'
import type { OwnPlace } from '../log/known-place.js'
import type { AppendTask } from '../message/append-task.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import type { AnswerTrust } from './answer-trust.js'
import type { AppendOutcomes } from './append-outcomes.js'
import type { BatchCutter } from './batch-cutter.js'
import { checkAnswer } from './check-answer.js'
import { Linger } from './linger.js'
import { checkPrefix, isHopeless, isRefusedForever } from './send-again.js'
import type { WriterFence } from './writer-fence.js'

export interface PipelineOptions {
  readonly cutter: BatchCutter
  /** Is told of each batch, in order. What it throws ends the writer. */
  readonly outcomes: Pick<AppendOutcomes, 'stored' | 'settled' | 'failed'>
  readonly fence: WriterFence
  /** Called when the budget gets so many bytes back. Must not throw. */
  readonly released: (bytes: number) => void
  readonly runtime: Runtime
  readonly trouble: Trouble
  readonly where: string
  /** While batches are in flight, another one is sent only once so many bytes are queued. */
  readonly pipelineBytes: number
  /** How long a batch smaller than `pipelineBytes` waits for more messages. */
  readonly lingerMs: number
  readonly trust: AnswerTrust
  readonly ids: MessageIdCodec
  /** The last acknowledged record. */
  readonly lastAcked: OwnPlace
  readonly diagnostics: AppendDiagnostics | undefined
}

/**
 * The ordered part of an append: keeps batches in flight, sends the very same ones again after a failure (G3),
 * settles in order.
 */
export class Pipeline {
  readonly #options: PipelineOptions
  readonly #stopping = new AbortController()
  #log: WALImpls
  #inFlight: BatchInFlight[] = []
  #lastAcked: OwnPlace
  /** Serialised id of the last acknowledged record, at which the token of an unknown outcome starts to read. */
  #lastAckedId: string
  /**
   * `failing`: an append failed, others are still in flight. `recovering`: all have an outcome, some are sent again.
   * `broken`: nothing is sent or acknowledged any more, until `stop`.
   */
  #state: 'running' | 'failing' | 'recovering' | 'broken' | 'stopped' = 'running'
  #pumpPlanned = false
  #turnPlanned = false
  readonly #linger: Linger
  /** Set by `drained`: small batches wait no longer for more messages. */
  #draining = false
  readonly #idle = new WakeList()
  #confirming = false
  /** Why the writer ends once what is confirmed, and nothing else, is acknowledged. */
  #ending: WalError | undefined
  /** How often in a row the oldest batch was refused for want of room in the storage. */
  #fullInRow = 0
  readonly #full = new WakeList()

  constructor(log: WALImpls, options: PipelineOptions) {
    this.#log = log
    this.#options = options
    this.#linger = new Linger(options.runtime, options.lingerMs, () => this.#guard(() => this.#pump()))
    this.#lastAcked = options.lastAcked
    this.#lastAckedId = options.ids.serialise(options.lastAcked.id)
  }

  get log(): WALImpls {
    return this.#log
  }

  /** All messages without an outcome: those in batches that were sent, and those that are queued. */
  outstanding(): { readonly sent: readonly BatchInFlight[]; readonly queued: readonly AppendTask[] } {
    return { sent: this.#inFlight, queued: this.#options.cutter.queued() }
  }

  /** The batch in flight with which a task was sent. */
  batchOf(task: AppendTask): BatchInFlight | undefined {
    return this.#inFlight.find(({ tasks }) => tasks[task.index] === task)
  }

  get lastAcked(): OwnPlace {
    return this.#lastAcked
  }

  get idle(): boolean {
    return this.#inFlight.length === 0 && this.#options.cutter.empty
  }

  /** The batch that settles next. */
  get head(): BatchInFlight | undefined {
    return this.#inFlight[0]
  }

  /** Queues an admitted task. The batch is cut in a microtask, so that appends made in one turn get into one batch. */
  enqueue(task: AppendTask): void {
    this.#options.cutter.push(task)
    if (this.#pumpPlanned) return
    this.#pumpPlanned = true
    // `queueMicrotask` is not used, since fake timers of tests replace it.
    void Promise.resolve().then(() => {
      this.#pumpPlanned = false
      this.#guard(() => this.#pump())
    })
  }

  /** The owner of a queued task waits no longer: the task is never sent. */
  abandon(task: AppendTask): void {
    this.#options.cutter.abandon(task)
    this.#tellIdle()
  }

  /**
   * A message gave up between two of its batches, those before being acknowledged. What is left of it is not sent, so it is
   * never whole. Answers what it was charged.
   */
  abandonRest(task: AppendTask): number {
    const charged = this.#options.cutter.dropRest(task)
    this.#tellIdle()
    return charged
  }

  /** Resolves when nothing is queued or in flight. */
  drained(): Promise<void> {
    this.#draining = true
    this.#pump()
    const drained = this.#idle.next()
    this.#tellIdle()
    return drained
  }

  /**
   * Resolves once the storage has refused the oldest batch in flight twice in a row, for want of room. With `again` one of the
   * two refusals has to come after this call. Other failures don't count, since to free storage does not help against them.
   * Rejects only by the signal.
   */
  async stuck(again: boolean, signal: AbortSignal): Promise<void> {
    if (again) await this.#full.next(signal)
    while (this.#fullInRow < 2) await this.#full.next(signal)
  }

  /** Ends for good: every batch and task without an outcome fails with this error. */
  stop(error: unknown): void {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#stopping.abort(new WalError('WAL_CLOSED', `${this.#options.where} is closed`))
    this.#linger.close()
    const inFlight = this.#inFlight
    this.#inFlight = []
    for (const batch of inFlight) this.#fail(batch, error)
    const queued = this.#options.cutter.queued()
    this.#options.outcomes.failed(queued, error, undefined)
    for (const task of queued) this.#options.released(task.charged)
    this.#tellIdle()
  }

  /** `atTurn`: called at the beginning of a turn of the event loop. */
  #pump(atTurn = false): void {
    const { cutter, pipelineBytes } = this.#options
    // While the oldest batch is being confirmed, a batch behind it may have failed: none may be sent behind that one (G3).
    if (this.#confirming && this.#inFlight.some(({ outcome }) => outcome && 'error' in outcome)) return
    while (this.#state === 'running' && this.#inFlight.length < this.#log.limits.maxInFlightBatches) {
      if (cutter.queuedBytes < pipelineBytes && (this.#inFlight.length > 0 || !this.#lingerIsOver())) return
      // The rejection of a batch takes some microtasks to get here. A batch must not be handed to the backend behind one that
      // has failed (G3), so the next turn of the event loop is waited for.
      if (this.#inFlight.length > 0 && !atTurn) {
        this.#planTurn()
        return
      }
      const batch = cutter.cut({
        limits: this.#log.limits,
        lastAckedBefore: this.#lastAckedId,
        lastAckedTickBefore: this.#lastAcked.timeTick,
        refused: this.#refused,
      })
      if (batch === undefined) {
        // Seals refused all that was queued.
        this.#tellIdle()
        return
      }
      this.#inFlight.push(batch)
      void this.#attempt(batch).then(() => this.#guard(() => this.#settle()))
    }
  }

  #planTurn(): void {
    if (this.#turnPlanned) return
    this.#turnPlanned = true
    void this.#options.runtime.yield().then(() => {
      this.#turnPlanned = false
      this.#guard(() => this.#pump(true))
    })
  }

  #lingerIsOver(): boolean {
    const { cutter } = this.#options
    // The rest of a message lingered with its first records.
    return this.#draining || cutter.empty || cutter.hasRest || this.#linger.isOver()
  }

  /** Sends a batch once; never rejects. */
  async #attempt(batch: BatchInFlight): Promise<void> {
    batch.attempts++
    batch.outcome = undefined
    const { diagnostics, trust } = this.#options
    const sent = diagnostics?.sending(batch)
    trust.sending(batch)
    try {
      const ids = await this.#log.append(batch.batch)
      checkAnswer(ids, batch.batch.count, this.#options)
      batch.outcome = { ids }
      sent?.()
    } catch (error) {
      batch.outcome = { error }
      sent?.(error)
      trust.failed()
      if (outcomeOf(error) === 'unknown') batch.maybeWritten = true
    }
  }

  /**
   * Acknowledges batches in order, as long as they are stored and count: of batches 5, 6 and 7, of which 5 and 7 are stored,
   * only 5, since 6 may still fail (G3). Answers the oldest batch when it has to be confirmed first.
   */
  #acknowledge(): BatchInFlight | undefined {
    for (let head = this.#inFlight[0]; head?.outcome && 'ids' in head.outcome; head = this.#inFlight[0]) {
      if (this.#ending !== undefined && !head.confirmed) break
      if (!this.#options.trust.counts(head, head.outcome.ids, this.#lastAcked.id)) return head
      this.#succeed(head, head.outcome.ids)
    }
    if (this.#ending !== undefined) this.#break(this.#ending)
    return undefined
  }

  /**
   * Reads the log to learn whether the oldest stored batches count. Rejects when they don't, or when reading can't tell. A log
   * that lost its end gives out the same ids again: what is stored there is acknowledged, and then the writer ends.
   */
  async #confirm(): Promise<void> {
    const { fence, ids } = this.#options
    const { signal } = this.#stopping
    const stored: BatchInFlight[] = []
    let last = this.#lastAcked.id
    for (const batch of this.#inFlight) {
      if (batch.outcome === undefined || 'error' in batch.outcome) break
      const [first] = batch.outcome.ids as readonly [MessageId]
      // The batch is void if a newer writer's record lies before it, and otherwise counts. That is unknown until the log
      // was read.
      batch.maybeWritten = true
      stored.push(batch)
      if (ids.compare(first, last) <= 0) {
        this.#ending = await fence.explainIds(first, signal)
        break
      }
      last = batch.outcome.ids[batch.outcome.ids.length - 1] as MessageId
    }
    if (this.#ending === undefined) await fence.confirm(last, signal)
    for (const batch of stored) batch.confirmed = true
  }

  /** Settles batches in order. At a failure it waits until all batches in flight have an outcome, then recovers. */
  #settle(): void {
    if (this.#state === 'running' && !this.#confirming) {
      if (this.#acknowledge() !== undefined) this.#confirmThenSettle()
      else if (this.#ending === undefined && this.#inFlight[0]?.outcome !== undefined) this.#state = 'failing'
    }
    if (this.#state === 'running') {
      this.#pump()
      this.#tellIdle()
    } else if (this.#state === 'failing' && this.#inFlight.every((batch) => batch.outcome !== undefined)) {
      // A driver may fail all batches in flight at once: only the first of them starts the recovery.
      this.#state = 'recovering'
      this.#recover().then(
        () => {
          if (this.#state !== 'recovering') return
          this.#state = 'running'
          this.#guard(() => this.#pump())
          this.#tellIdle()
        },
        // A recovery that is cut short by `stop` rejects as well, and then nothing is left to break.
        (error: unknown) => this.#break(error),
      )
    }
  }

  /**
   * Work that throws has no caller to tell: it ends the writer, since appends would otherwise wait for an outcome forever.
   */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#break(error)
    }
  }

  #break(error: unknown): void {
    if (this.#state === 'stopped' || this.#state === 'broken') return
    this.#state = 'broken'
    this.#options.fence.broken(error)
  }

  #confirmThenSettle(): void {
    this.#confirming = true
    this.#confirm().then(
      () => {
        this.#confirming = false
        this.#options.trouble.over('appends go on')
        this.#guard(() => this.#settle())
      },
      (error: unknown) => this.#break(error),
    )
  }

  /** Sends batches again until everything that was in flight is stored or refused for good. */
  async #recover(): Promise<void> {
    const { runtime, trouble, where } = this.#options
    const { signal } = this.#stopping
    for (let attempt = 0; this.#inFlight.length > 0; attempt++) {
      const failed = this.#inFlight[0] as BatchInFlight
      const { error } = failed.outcome as { error: unknown }
      this.#noteFull(error)
      checkPrefix(this.#inFlight, error, where)
      if (isRefusedForever(error)) {
        this.#inFlight.shift()
        this.#fail(failed, error)
      } else if (isHopeless(error)) throw error
      else {
        trouble.failed(error, 'append failed, sending again', { attempt, sequence: failed.batch.sequence })
        if (isFenced(error)) {
          this.#log = await this.#options.fence.reassert(signal)
          this.#options.trust.fenceTakenBack()
        } else {
          await sleep(runtime, backoffMs(runtime, attempt + 1), signal)
        }
      }
      let stored: boolean
      do stored = await this.#sendAgain(signal)
      while (stored && this.#inFlight.length > 0)
    }
    trouble.over('appends go on')
  }

  #noteFull(error: unknown): void {
    this.#fullInRow = isStorageFull(error) ? this.#fullInRow + 1 : 0
    if (this.#fullInRow > 0) this.#full.wake()
  }

  /**
   * Sends the oldest batches again, as many as the log may have in flight: after it was opened again that may be fewer than
   * before. Answers whether all of them are stored.
   */
  async #sendAgain(signal: AbortSignal): Promise<boolean> {
    const again = this.#inFlight.slice(0, this.#log.limits.maxInFlightBatches)
    await abortable(Promise.all(again.map((batch) => this.#attempt(batch))), signal)
    while (this.#acknowledge() !== undefined) await this.#confirm()
    if (this.#ending !== undefined) throw this.#ending
    return again.every(({ outcome }) => outcome !== undefined && 'ids' in outcome)
  }

  /**
   * The oldest batch counts. It stays in flight until its owners were told, so that they are also told when this throws
   * halfway.
   */
  #succeed(batch: BatchInFlight, ids: readonly MessageId[]): void {
    const { outcomes, trust, released } = this.#options
    this.#fullInRow = 0
    batch.maybeWritten = true
    this.#lastAckedId = outcomes.stored(batch, ids)
    const timeTick = batch.firstTimeTick + BigInt(ids.length - 1)
    this.#lastAcked = { id: ids[ids.length - 1] as MessageId, timeTick }
    trust.acknowledged(batch)
    outcomes.settled(batch, ids)
    this.#inFlight.shift()
    released(batch.charged)
  }

  #fail(batch: BatchInFlight, error: unknown): void {
    const { outcomes, released, cutter } = this.#options
    outcomes.failed(batch.tasks, error, batch)
    released(batch.charged + cutter.dropRest(batch.tasks[batch.tasks.length - 1]))
  }

  /** Called when a seal refused a message. Made once, since a function made in `#pump` would cost each call of it. */
  readonly #refused = (task: AppendTask, error: unknown): void => {
    this.#options.outcomes.failed([task], error, undefined)
    this.#options.released(task.charged)
  }

  #tellIdle(): void {
    if (this.#idle.size > 0 && this.idle) this.#idle.wake()
  }
}
