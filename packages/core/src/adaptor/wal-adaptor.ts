import {
  type Guarantees,
  invalidArgument,
  type MessageIdCodec,
  type OpenerImpls,
  type TimeTick,
  type Waits,
  WalError,
} from '@wal/walimpls'
import { abortable, CloseTree, sleep } from '@wal/walimpls/helper'
import type { Position } from '../api/position.js'
import type { Delivery, NoReadOptions, ReadOptions, Scanner } from '../api/scanner.js'
import type { AppendOptions, AppendResolution, AppendResult, Channel, NewMessage, WAL } from '../api/wal.js'
import { AppendAll } from '../append/append-all.js'
import { endedError } from '../append/append-error.js'
import { emptyBatch } from '../append/append-options.js'
import type { Appender } from '../append/appender.js'
import { BatchOutcomes } from '../append/batch-outcomes.js'
import type { ReadableTicks } from '../append/readable-ticks.js'
import type { Ticker } from '../append/ticker.js'
import type { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import { Trouble } from '../diagnostics/trouble.js'
import type { WalMetrics } from '../diagnostics/wal-metrics.js'
import type { InterceptorChain } from '../interceptor/chain.js'
import { appendIntercepted, type InterceptionOptions } from '../interceptor/intercepted-append.js'
import { appendBatchIntercepted } from '../interceptor/intercepted-batch.js'
import { isExclusive } from '../interceptor/lock.js'
import { isRolledBack, mayPass } from '../log/classify.js'
import type { LogEnd } from '../log/log-end.js'
import type { LogView } from '../log/log-view.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { BufferTail } from '../read/buffer-tail.js'
import { impatientContext } from '../read/impatient-log.js'
import { PageBudget } from '../read/page-budget.js'
import type { ReadContext } from '../read/read-context.js'
import type { ScannerAdaptor } from '../read/scanner-adaptor.js'
import { ReorderBudget } from '../read/stage/reorder-budget.js'
import { Resolver } from '../resolve/resolver.js'
import { FenceWatch } from '../writer/fence-watch.js'
import { WriterLog } from '../writer/writer-log.js'
import { WriterLooks } from '../writer/writer-looks.js'
import type { OpenedWriter } from '../writer/writer-open.js'
import { openAppendPath } from './append-path.js'
import { closedError, unwritableError } from './closed-error.js'
import { openChain } from './open-chain.js'
import { type Closable, closeInTurn, closeScanners, startScanner } from './read-only-wal-adaptor.js'
import { type TruncationParts, truncateLog } from './truncation.js'

/** The WAL of a log's writer: puts together the ways of appends and reads, the time ticks, and the order of closing. */
export class WalAdaptor implements WAL {
  readonly backend: string
  readonly channel: Channel
  readonly signal: AbortSignal
  readonly #where: string
  readonly #options: ResolvedWalOptions
  readonly #opened: OpenedWriter
  readonly #appender: Appender
  readonly #ticker: Ticker
  readonly #buffer: WriteAheadBuffer
  readonly #readable: ReadableTicks
  readonly #metrics: WalMetrics | undefined
  readonly #fenceWatch: FenceWatch
  readonly #chain: InterceptorChain
  readonly #context: ReadContext
  readonly #truncation: TruncationParts
  readonly #scanners = new Set<ScannerAdaptor>()
  readonly #ended = new AbortController()
  readonly #tree: CloseTree
  readonly #resolver: Resolver
  readonly #leaveSeat: () => void
  readonly #fences: boolean
  readonly #log: WriterLog
  readonly #looks: WriterLooks
  /** Undefined where the user made the opener, and closes it. */
  #ownOpener: Closable | undefined
  /** Undefined while appends are accepted. */
  #appendsRefusedWith: WalError | undefined

  constructor(parts: {
    readonly backend: string
    readonly ids: MessageIdCodec
    readonly channel: string
    readonly where: string
    readonly opener: OpenerImpls
    readonly opened: OpenedWriter
    readonly options: ResolvedWalOptions
    /** Whether the backend has a fence at all. */
    readonly fences: boolean
    readonly parent: CloseTree
    /** Called when this WAL is no longer the writer: closed, or replaced by another one. */
    readonly leaveSeat: () => void
  }) {
    const { backend, ids, channel, where, opener, opened, options, fences, parent, leaveSeat } = parts
    const { writer, clock } = opened
    const { runtime, logger } = options
    this.backend = backend
    this.channel = { name: channel, accessMode: 'rw', term: writer.term }
    this.signal = this.#ended.signal
    this.#where = where
    this.#options = options
    this.#opened = opened
    this.#leaveSeat = leaveSeat
    this.#fences = fences
    this.#looks = new WriterLooks({
      writer,
      trouble: () => this.#appender.trouble,
      view: (signal) => this.#view(signal),
      lastAcked: () => this.#appender.lastAcked,
      context: () => this.#context,
      fenceReaches: () => this.#fenceReaches,
      endWriter: (error) => this.#stopWriting(error),
    })
    this.#log = new WriterLog(opened.log, {
      opener,
      channel,
      where,
      options,
      writer,
      trouble: () => this.#appender.trouble,
      look: (signal) => this.#looks.lookThroughFailures(signal),
      closing: () => this.#tree.closed,
    })
    const path = openAppendPath({
      backend,
      ids,
      channel,
      where,
      opened,
      options,
      fenceReaches: () => this.#fenceReaches,
      fence: {
        reassert: (signal) => this.#log.reopen(signal),
        confirm: (upTo, signal) => this.#looks.confirm(upTo, signal),
        explainIds: (next, signal) => this.#looks.explainIds(next, signal),
        broken: (error) => this.#pipelineBroke(error),
      },
    })
    this.#appender = path.appender
    this.#ticker = path.ticker
    this.#buffer = path.buffer
    this.#readable = path.readable
    this.#metrics = path.metrics
    const { term } = writer
    this.#chain = openChain({
      context: { backend, channel, term, openingTimeTick: opened.openingTick, wal: Promise.resolve(this) },
      options,
      appender: this.#appender,
      clock,
      where,
      metrics: this.#metrics,
    })
    this.#context = {
      where,
      backend,
      ids,
      runtime,
      logger,
      metrics: this.#metrics,
      log: () => this.#log.readable,
      reopening: () => this.#log.reopening,
      tail: new BufferTail(this.#buffer),
      pages: new PageBudget(Math.floor(options.budgetBytes / 4)),
      reorder: new ReorderBudget(Math.floor(options.budgetBytes / 4)),
      follow: (timeTick) => clock.follow(timeTick, options.maxClockAheadMs),
      followTicks: () => this.#ticker.follow(),
      end: (signal, asking) => this.#end(signal, asking),
    }
    this.#truncation = {
      context: this.#context,
      logger,
      ticker: this.#ticker,
      appender: this.#appender,
      log: () => this.#log.current,
      lastTick: () => opened.stamp.previousTick,
      end: () => this.#knownEnd(),
      ended: this.signal,
    }
    this.#metrics?.observe(path.gauges)
    this.#tree = new CloseTree(() => this.#close(), parent)
    this.#resolver = new Resolver({
      // A WAL that is no longer the writer reads what its successor writes, and waits less long for it.
      context: () => (this.signal.aborted ? impatientContext(this.#context) : this.#context),
      tick: () => this.#ticker.tick(),
      ended: () => (this.signal.aborted ? this.#appendsRefusedWith : undefined),
      tree: this.#tree,
      closed: () => closedError(where),
    })
    this.#fenceWatch = new FenceWatch({
      options,
      where,
      appender: this.#appender,
      look: () => this.#looks.look(this.signal),
    })
  }

  get guarantees(): Guarantees {
    const { guarantees } = this.#log.current
    if (this.#fenceReaches) return guarantees
    const fencing = `${guarantees.fencing}; no fence reaches other writers, so an append is acknowledged once it was read back as counting`
    return { ...guarantees, fencing }
  }

  append(message: NewMessage, options?: AppendOptions): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#checkUsable()
      if (this.#goesStraight(message, options))
        this.#appender.submit(this.#appender.copy(message), { resolve, reject }, options)
      else appendIntercepted(this.#interception(), message, { options, owner: { resolve, reject } })
    })
  }

  async appendBatch(messages: readonly NewMessage[], options: AppendOptions = {}): Promise<AppendResult[]> {
    if (!Array.isArray(messages)) throw invalidArgument('appendBatch takes an array of messages', messages)
    this.#checkUsable()
    if (messages.length === 0) return emptyBatch(options)
    if (!messages.every((message) => this.#goesStraight(message, options)))
      return appendBatchIntercepted(this.#interception(), messages, options)
    const outcomes = new BatchOutcomes(messages.length, this.#appender.context)
    try {
      this.#appender.submitBatch(
        messages.map((message) => this.#appender.copy(message)),
        outcomes,
        options,
      )
    } catch (error) {
      outcomes.refuse(error)
    }
    return outcomes.promise
  }

  appendAll(
    source: Iterable<NewMessage> | AsyncIterable<NewMessage>,
    options: AppendOptions = {},
  ): AsyncIterableIterator<AppendResult> {
    this.#checkUsable()
    return new AppendAll(source, options, {
      appender: this.#appender,
      yield: () => this.#options.runtime.yield(),
      checkUsable: () => this.#checkUsable(),
      goesStraight: (message) => this.#goesStraight(message, options),
      append: (message) => this.append(message, options),
    })
  }

  async barrier(options: AppendOptions = {}): Promise<TimeTick> {
    this.#checkUsable()
    return this.#ticker.barrier(options)
  }

  async latestReadableTimeTick(vchannel?: string): Promise<TimeTick> {
    this.#checkUsable()
    if (vchannel !== undefined && typeof vchannel !== 'string')
      throw invalidArgument('latestReadableTimeTick takes a vchannel, which is text, or nothing', vchannel)
    return this.#readable.of(vchannel)
  }

  async truncate(position: Position, waits: Waits = {}): Promise<void> {
    this.#checkUsable()
    await truncateLog(this.#truncation, position, waits)
  }

  resolve(token: string, waits: Waits = {}): Promise<AppendResolution> {
    return this.#resolver.resolve(token, waits)
  }

  read<O extends ReadOptions = NoReadOptions>(options?: O): Scanner<Delivery<O>> {
    if (this.#tree.closed) throw closedError(this.#where)
    return startScanner(this.#context, options, this.#scanners) as unknown as Scanner<Delivery<O>>
  }

  /** From now on `close` closes that opener as well, after the WAL: it was made for this WAL alone. */
  closesWithIt(opener: Closable): void {
    this.#ownOpener = opener
  }

  async close(): Promise<void> {
    this.#appendsRefusedWith ??= closedError(this.#where)
    await closeInTurn(this.#tree, this.#ownOpener)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes this WAL, as its user would, because the process opened its log for writing once more: a process has one writer for each log. */
  supersede(reason: string): Promise<void> {
    this.#appendsRefusedWith ??= closedError(this.#where, reason)
    return this.close()
  }

  /** Whether the message skips the chain, since no interceptor concerns it: the common way, which makes no promises. */
  #goesStraight(message: NewMessage, options: AppendOptions | undefined): boolean {
    return this.#chain.open && options?.barrierTimeTick === undefined && !isExclusive(message)
  }

  #interception(): InterceptionOptions {
    const { runtime, appendTimeoutMs } = this.#options
    const parts = { chain: this.#chain, appender: this.#appender, runtime, appendTimeoutMs }
    return { ...parts, where: this.#where, signal: this.signal }
  }

  #checkUsable(): void {
    if (this.#appendsRefusedWith !== undefined) throw endedError(this.#appendsRefusedWith)
  }

  #view(signal: AbortSignal): LogView {
    return { ...this.#context, log: this.#log.readable, signal }
  }

  get #fenceReaches(): boolean {
    return this.#fences && this.#log.current.fenceReaches !== false
  }

  /**
   * Where the log ends. The writer knows it; with `asking` the log is read to make sure that this WAL still is the writer.
   */
  async #end(signal: AbortSignal, asking = false): Promise<LogEnd> {
    // Read the known end before asking the backend. A reader of the latest must also receive what is appended while
    // that request is in flight.
    const known = this.#knownEnd()
    const shouldRetry = (error: unknown) => mayPass(error) || this.#log.reopening !== undefined
    if (!this.#buffer.closed && (!asking || (await this.#looks.isCurrent(signal, shouldRetry)))) return known
    // The log in which readers go on behind the writer's end may still be being opened.
    await abortable(this.#log.reopening ?? Promise.resolve(), signal)
    const view = this.#view(signal)
    return awaitLogEnd(view, new Trouble(view))
  }

  #knownEnd(): LogEnd {
    const { id, timeTick } = this.#appender.lastAcked
    const { writer, logIdentity } = this.#opened
    return {
      lastId: id,
      last: { writer, timeTick },
      writer,
      timeTick: this.#buffer.newest,
      logIdentity,
      lastTick: '',
      truncation: this.#ticker.beginning.irrevocable,
      recoveryPoint: undefined,
    }
  }

  #pipelineBroke(error: unknown): void {
    if (isRolledBack(error)) {
      // The pipeline has stopped, so nothing is sent or acknowledged while the positions for the error are looked for.
      void this.#looks.explained(error, this.signal).then((explained) => this.#stopWriting(explained))
      return
    }
    this.#stopWriting(WalError.isInstance(error) ? error : unwritableError(this.#where, error))
  }

  /** Called when this WAL is no longer the writer. Appends get their outcome, and readers go on reading from the backend. */
  #stopWriting(error: WalError): void {
    if (this.signal.aborted) return
    this.#appendsRefusedWith ??= error
    this.#options.logger.error({ err: error }, `${this.#where}: no longer the writer`)
    this.#stopAppends(error)
    this.#buffer.close()
    this.#ended.abort(error)
    this.#resolver.writerEnded()
    this.#leaveSeat()
  }

  #stopAppends(error: WalError): void {
    this.#fenceWatch.close()
    this.#ticker.close()
    this.#appender.stop(error)
  }

  /** Graceful: appends finish or get an outcome, readers end, then the log goes. */
  async #close(): Promise<void> {
    this.#appendsRefusedWith ??= closedError(this.#where)
    const { runtime, closeTimeoutMs } = this.#options
    const giveUp = new AbortController()
    // When one part fails to close, the others are closed all the same.
    const failures: unknown[] = []
    const attempt = (closing: Promise<unknown>) => closing.catch((error: unknown) => failures.push(error))
    // Readers end before appends are waited for: an interceptor may hold an append until it has read something.
    const scannersClosed = attempt(closeScanners(this.#scanners))
    const drained = attempt(this.#chain.gracefulClose()).then(() => this.#appender.drained())
    await Promise.race([drained, sleep(runtime, closeTimeoutMs, giveUp.signal).catch(() => {})])
    giveUp.abort()
    // Appends that did not end in time, in the pipeline or in an interceptor, get their outcome now.
    this.#stopAppends(this.#appendsRefusedWith)
    this.#ended.abort(this.#appendsRefusedWith)
    await scannersClosed
    await this.#appender.allTold()
    this.#buffer.close()
    await attempt(this.#looks.close())
    await attempt(this.#log.close())
    await attempt(this.#chain.close())
    this.#metrics?.close()
    this.#leaveSeat()
    if (failures.length > 0) throw failures[0]
  }
}
