import { invalidArgument, type TimeTick, WalError } from '@wal/walimpls'
import { deferred, onAbort } from '@wal/walimpls/helper'
import type { Position } from '../api/position.js'
import type { ScannerElement as Element, ReadOptions, Scanner } from '../api/scanner.js'
import type { LogEnd } from '../log/log-end.js'
import { BatchAtHand } from './batch-at-hand.js'
import { DeliveryStage } from './delivery-stage.js'
import { explainEnd } from './explain-end.js'
import type { PageHolder } from './page-budget.js'
import { planRead } from './plan-read.js'
import type { ReadContext } from './read-context.js'
import { type CheckedReadOptions, checkReadOptions } from './read-options.js'
import type { ReadPlan } from './read-plan.js'
import { RecordSource, type UnitRun } from './record-source.js'
import { ScanMeter } from './scan-meter.js'

const nothing = () => {}
const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/** How many pages a scanner holds beside its batch: the page that the batch was cut from, and the next one. */
const PAGES_HELD = 2

/**
 * A scanner as users see it. It reads only when its user asks for more than the batch at hand, so a slow loop delays no other
 * reader. When many loops are slow, a scanner rests: it drops its batch, and reads it again when the user asks for more.
 */
export class ScannerAdaptor implements Scanner<Element>, PageHolder {
  readonly #context: ReadContext
  readonly #options: CheckedReadOptions
  readonly #ending = new AbortController()
  readonly #onClosed: () => void
  readonly #ready: Promise<void>
  readonly #caughtUp = deferred()
  #stopListening: (() => void) | undefined
  #stopFollowing: (() => void) | undefined
  readonly #meter: ScanMeter | undefined
  #plan: ReadPlan | undefined
  /** The log's end when the scanner began. */
  #endAtStart: LogEnd | undefined
  /** What the scanner reads from; undefined while the scanner rests. */
  #source: RecordSource | undefined
  #resting: Promise<void> | undefined
  #pageBytes = 0
  /** Whether bytes of this scanner are counted in the WAL's page budget. */
  #isCharged = false
  #delivery: DeliveryStage | undefined
  #until: TimeTick | undefined
  readonly #batch = new BatchAtHand()
  #error: { readonly error: unknown } | undefined
  #finished = false
  #iterated = false
  /** Ends when the last call so far has ended. Calls of `next`, and of the iterator of `batches`, wait for each other. */
  #turn: Promise<unknown> = Promise.resolve()
  #turns = 0
  #closed: Promise<void> | undefined

  constructor(context: ReadContext, options: ReadOptions, onClosed: () => void) {
    this.#options = checkReadOptions(options)
    this.#context = context
    this.#onClosed = onClosed
    this.#meter = context.metrics && new ScanMeter(context.metrics)
    this.#meter?.started()
    // A user need not await `caughtUp`; its failure must not count as an unhandled rejection.
    this.#caughtUp.promise.catch(() => {})
    const { signal } = this.#options
    if (signal !== undefined) this.#stopListening = onAbort(signal, (reason) => this.#end({ error: reason }))
    this.#ready = this.#begin().catch(async (reason: unknown) => {
      const error = await this.#explained(reason)
      this.#end({ error: this.#error === undefined ? error : this.#error.error })
      // A close before the scanner was ready ends its loop without an error, but `ready` has to reject.
      throw this.#error === undefined ? error : this.#error.error
    })
    // A user who awaits neither `ready` nor `caughtUp` learns from the loop what ended the scanner.
    this.#ready.catch(() => {})
  }

  get position(): Position | undefined {
    return this.#batch.position
  }

  get progress(): Position | undefined {
    return this.#batch.progress ?? this.#options.after
  }

  ready(): Promise<void> {
    return this.#ready
  }

  caughtUp(): Promise<void> {
    return this.#caughtUp.promise
  }

  [Symbol.asyncIterator](): this {
    this.#claim()
    return this
  }

  batches(): AsyncIterableIterator<readonly Element[]> {
    this.#claim()
    const iterator: AsyncIterableIterator<readonly Element[]> = {
      next: () => this.#inTurn(() => this.#answer(() => this.#handOutAll())),
      return: async () => {
        await this.close()
        return DONE
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  next(): Promise<IteratorResult<Element, undefined>> {
    // In the usual case an element is at hand and no earlier call waits, so the call need not wait for its turn.
    if (this.#turns === 0 && !this.#batch.isEmpty)
      return Promise.resolve({ done: false, value: this.#handOut() })
    return this.#inTurn(() => this.#answer(() => this.#handOut()))
  }

  async return(): Promise<IteratorResult<Element, undefined>> {
    await this.close()
    return DONE
  }

  close(): Promise<void> {
    this.#end(undefined)
    this.#closed ??= this.#release()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Ends the scanner with an error, which its user's loop gets. */
  async fail(error: unknown): Promise<void> {
    this.#end({ error })
    await this.close()
  }

  /**
   * Drops what the scanner has read ahead, and returns whether it did. The scanner reads that again when its user asks for
   * more.
   */
  rest(): boolean {
    const source = this.#source
    if (this.#turns > 0 || source === undefined || this.#ending.signal.aborted) return false
    // The elements that were not handed out have to be read again, so the scanner is not at its end.
    if (!this.#batch.isEmpty) this.#finished = false
    this.#batch.drop()
    this.#isCharged = false
    this.#source = undefined
    this.#resting = source.close()
    // The next call, or the close, reports a failure of this close.
    this.#resting.catch(() => {})
    return true
  }

  #claim(): void {
    if (this.#iterated)
      throw invalidArgument('This scanner already has an iterator. Call read() again for a second reader')
    this.#iterated = true
  }

  /**
   * Answers with elements of the batch at hand, and reads a batch first if there is none. The batch is checked again after the
   * read, since a close may have emptied it.
   */
  async #answer<T>(handOut: () => T): Promise<IteratorResult<T, undefined>> {
    while (await this.#fill()) if (!this.#batch.isEmpty) return { done: false, value: handOut() }
    return DONE
  }

  #handOutAll(): readonly Element[] {
    const elements = this.#batch.handOutAll()
    this.#onEmpty()
    return elements
  }

  #handOut(): Element {
    const element = this.#batch.handOut()
    if (this.#batch.isEmpty) this.#onEmpty()
    return element
  }

  /** Called when every element of the batch was handed out. */
  #onEmpty(): void {
    // A scanner that reads from the backend still holds pages. One at the shared tail holds none.
    if (this.#source?.tailing) this.#charge(0)
    this.#tellCaughtUp()
  }

  /** Tells the WAL's page budget how many bytes this scanner holds from now on. */
  #charge(bytes: number): void {
    if (bytes === 0 && !this.#isCharged) return
    this.#isCharged = bytes > 0
    this.#context.pages.hold(this, bytes)
  }

  /** Resolves `caughtUp` once a bounded read has handed out everything up to its end. */
  #tellCaughtUp(): void {
    if (this.#finished && this.#batch.isEmpty) this.#caughtUp.resolve()
  }

  async #begin(): Promise<void> {
    const { signal } = this.#ending
    // `context.end` answers asynchronously, so the constructor returns first. Options that `planRead` refuses therefore make
    // `ready` reject, and `read` does not throw.
    const { deliver, until } = this.#options
    const end = await this.#context.end(signal, deliver === 'latest' || until === 'end')
    this.#endAtStart = end
    const plan = planRead(this.#options, end, this.#context)
    this.#until = plan.until
    this.#delivery = new DeliveryStage(this.#context, this.#options, plan)
    signal.throwIfAborted()
    this.#plan = plan
    if (this.#options.timeTicks) this.#stopFollowing = this.#context.followTicks?.()
    this.#open(plan, this.#delivery)
    this.#tellCaughtUp()
  }

  #open(plan: ReadPlan, delivery: DeliveryStage): RecordSource {
    const { pages } = this.#context
    this.#pageBytes = pages.pageBytes
    const source = new RecordSource(this.#context, plan, {
      signal: this.#ending.signal,
      assembles: true,
      deliverMissing: this.#options.gaps === 'deliver',
      deliverLate: this.#options.orderViolations === 'deliver',
      readBytes: this.#pageBytes,
    })
    this.#source = source
    if (plan.kind === 'own' && plan.missing !== undefined) {
      const gap = delivery.gap(plan.missing)
      this.#batch.put({ elements: [gap], looked: gap })
    }
    // The budget counts the pages before the first read, since many scanners may start at the same moment.
    this.#charge(PAGES_HELD * this.#pageBytes)
    this.#finished = this.#isPastUntil(source)
    return source
  }

  /**
   * Opens the scanner again after a rest, behind the last element handed out. The log's end is not asked for again: if records
   * were truncated or lost during the rest, the backend says so when the scanner reads on, as it would have without a rest.
   */
  async #wake(delivery: DeliveryStage): Promise<RecordSource> {
    await this.#resting
    const { signal } = this.#ending
    const after = this.progress
    const { gaps } = this.#options
    // The log was empty when the scanner began and had no identity yet, so its end is asked for again.
    if (this.#endAtStart?.lastId === undefined) this.#endAtStart = await this.#context.end(signal)
    const plan =
      after === undefined
        ? (this.#plan as ReadPlan)
        : planRead({ after, gaps }, this.#endAtStart, this.#context)
    signal.throwIfAborted()
    this.#meter?.resumed()
    return this.#open(plan, delivery)
  }

  /**
   * Whether the read has come to the end that its user set (`until`). Always false until the record from which the scanner
   * resumed is found again: in a log that lost its end that record is gone, and the scanner must report the loss.
   */
  #isPastUntil(source: RecordSource): boolean {
    return this.#until !== undefined && source.timeTick >= this.#until && !source.seeking
  }

  /** Reads until the batch is not empty; returns false when the scanner has ended. */
  async #fill(): Promise<boolean> {
    try {
      await this.#ready
      const delivery = this.#delivery as DeliveryStage
      for (;;) {
        if (!this.#batch.isEmpty) return true
        if (this.#finished) break
        const source = this.#source ?? (await this.#wake(delivery))
        if (!this.#batch.isEmpty || this.#finished) continue
        const run = await source.next()
        // The scanner was closed during this read. Drop what was read.
        if (this.#ending.signal.aborted) break
        if (run.units.length === 0 && run.missing === undefined) this.#caughtUp.resolve()
        this.#put(run, source, delivery)
      }
      this.#tellCaughtUp()
    } catch (reason) {
      const error = await this.#explained(reason)
      // After a close or an abort the source rejects with the signal's reason. `#end` ignores that reason, since the first end
      // counts.
      this.#end({ error })
    }
    await this.close()
    if (this.#error !== undefined) throw this.#error.error
    return false
  }

  #explained(reason: unknown): Promise<unknown> {
    const { signal } = this.#ending
    return explainEnd(reason, this.#source?.known, { ...this.#context, signal })
  }

  #put(run: UnitRun, source: RecordSource, delivery: DeliveryStage): void {
    const delivered = delivery.deliver(run)
    this.#batch.put(delivered)
    this.#meter?.ran(run, delivered.elements, source)
    const pages = source.tailing ? 0 : PAGES_HELD * this.#pageBytes
    this.#charge(pages + (this.#batch.isEmpty ? 0 : run.bytes))
    if (this.#isPastUntil(source)) this.#finished = true
  }

  /** Ends the scanner, with an error or, when the user closed it, without (`undefined`). Later calls do nothing. */
  #end(error: { readonly error: unknown } | undefined): void {
    if (this.#ending.signal.aborted) return
    this.#error = error
    this.#finished = true
    this.#batch.drop()
    this.#stopListening?.()
    this.#caughtUp.reject(
      error?.error ??
        new WalError('WAL_CLOSED', `${this.#context.where}: the scanner was closed before it caught up`),
    )
    this.#ending.abort(
      error?.error ?? new WalError('WAL_CLOSED', `${this.#context.where}: the scanner was closed`),
    )
  }

  async #release(): Promise<void> {
    await this.#ready.catch(() => {})
    this.#stopFollowing?.()
    this.#meter?.ended()
    this.#context.pages.release(this)
    await this.#resting
    await this.#source?.close()
    this.#onClosed()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns++
    const mine = this.#turn.then(work)
    // Wait for its end, not for its value: messages that were handed out would be kept until the next call.
    this.#turn = mine.then(nothing, nothing)
    try {
      return await mine
    } finally {
      this.#turns--
    }
  }
}
