import {
  AppendError,
  type Guarantees,
  invalidArgument,
  type MessageIdCodec,
  type OpenerImpls,
  type Timer,
  type TimeTick,
  type WALImpls,
  type Waits,
  WalError,
} from '@wal/walimpls'
import { abortable, CloseTree, onAbort, sleep } from '@wal/walimpls/helper'
import { Admission } from '../append/admission.js'
import { AppendAll } from '../append/append-all.js'
import { Appender } from '../append/appender.js'
import { BatchCutter } from '../append/batch-cutter.js'
import { BatchOwner } from '../append/batch-owner.js'
import { takeMessage } from '../append/new-message.js'
import { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import { InterceptorChain } from '../interceptor/chain.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import type { Position } from '../position/position.js'
import type { ReadContext } from '../read/read-context.js'
import { checkPosition } from '../read/read-plan.js'
import type { Delivery, ReadOptions, Scanner } from '../scanner.js'
import { Ticker } from '../time-tick/ticker.js'
import type { AppendOptions, AppendResult, Channel, NewMessage, WAL } from '../wal.js'
import { type LogEnd, readLogEnd } from './log-end.js'
import { closedError, closeScanners, startScanner } from './read-only-wal-adaptor.js'
import type { ScannerAdaptor } from './scanner-adaptor.js'
import { isFenced, isNewer, type OpenedWriter, reassertFence } from './writer-open.js'

const READ_BYTES = 1 << 20
const PIPELINE_BYTES = 128 << 10

/** The log's writer: puts the append path, the read path, ticks and lifetimes together. */
export class WalAdaptor implements WAL {
  readonly backend: string
  readonly channel: Channel
  readonly signal: AbortSignal
  readonly #where: string
  readonly #options: ResolvedWalOptions
  readonly #opened: OpenedWriter
  readonly #ids: MessageIdCodec
  readonly #appender: Appender
  readonly #ticker: Ticker
  readonly #buffer: WriteAheadBuffer
  readonly #chain: InterceptorChain
  readonly #context: ReadContext
  readonly #scanners = new Set<ScannerAdaptor>()
  readonly #ended = new AbortController()
  readonly #tree: CloseTree
  /** Why appends are refused from now on. */
  #refusal: WalError | undefined
  #fenceCheck: Timer | undefined

  constructor(parts: {
    readonly backend: string
    readonly ids: MessageIdCodec
    readonly channel: string
    readonly where: string
    readonly opener: OpenerImpls
    readonly opened: OpenedWriter
    readonly options: ResolvedWalOptions
    readonly parent: CloseTree
  }) {
    const { backend, ids, channel, where, opener, opened, options, parent } = parts
    const { writer, clock, stamp, logIdentity, log } = opened
    const { runtime, logger } = options
    this.backend = backend
    this.channel = { name: channel, accessMode: 'rw', term: writer.term }
    this.signal = this.#ended.signal
    this.#where = where
    this.#options = options
    this.#opened = opened
    this.#ids = ids
    const half = Math.floor(options.budgetBytes / 2)
    this.#buffer = new WriteAheadBuffer({
      capacityBytes: half,
      maxAgeMs: options.bufferAgeMs,
      floor: opened.openingTick,
    })
    const { batchBytes, lingerMs } = options
    this.#appender = new Appender({
      log,
      admission: new Admission(half, options.maxWaitingBytes),
      cutter: new BatchCutter({ clock, stamp, batchBytes, nextSequence: opened.nextSequence }),
      stamp,
      buffer: this.#buffer,
      context: { backend, ids, logIdentity, writer },
      appendTimeoutMs: options.appendTimeoutMs,
      runtime,
      logger,
      where,
      pipelineBytes: PIPELINE_BYTES,
      lingerMs,
      lastAcked: ids.serialise(opened.openingId),
      wrote: (bytes) => this.#ticker.wrote(bytes),
      reassert: (signal) => this.#reassert(opener, channel, signal),
      broken: (error) => this.#break(error),
    })
    const { truncation } = opened
    this.#ticker = new Ticker({
      runtime,
      appender: this.#appender,
      logger,
      intervalMs: options.timeTickMs,
      logIdentity,
      truncation,
    })
    this.#chain = new InterceptorChain(options.interceptors, channel)
    this.#context = {
      where,
      backend,
      ids,
      runtime,
      logger,
      readBytes: READ_BYTES,
      log: () => this.#appender.log,
      buffer: this.#buffer,
      end: (signal) => this.#end(signal),
    }
    this.#tree = new CloseTree(() => this.#close(), parent)
    this.#planFenceCheck()
  }

  get guarantees(): Guarantees {
    return this.#appender.log.guarantees
  }

  append(message: NewMessage, options?: AppendOptions): Promise<AppendResult> {
    if (!this.#chain.empty) return this.#intercepted(message, options)
    return this.#submit(message, options)
  }

  async appendBatch(messages: readonly NewMessage[], options: AppendOptions = {}): Promise<AppendResult[]> {
    if (!Array.isArray(messages)) throw invalidArgument('appendBatch', 'given an array of messages', messages)
    this.#checkUsable()
    if (messages.length === 0) return []
    const owner = new BatchOwner(messages.length)
    if (!this.#chain.empty) {
      for (const message of messages)
        this.#intercepted(message, options).then(
          (result) => owner.resolve(result),
          (error: unknown) => owner.reject(error),
        )
      return owner.promise
    }
    const taken = messages.map(takeMessage)
    for (let i = 0; i < taken.length; i++) {
      try {
        this.#appender.submit(taken[i] as (typeof taken)[number], owner, options)
      } catch (error) {
        owner.refuse(error, taken.length - i)
        break
      }
    }
    return owner.promise
  }

  appendAll(
    source: Iterable<NewMessage> | AsyncIterable<NewMessage>,
    options: AppendOptions = {},
  ): AsyncIterableIterator<AppendResult> {
    this.#checkUsable()
    const submit = this.#chain.empty
      ? undefined
      : (message: NewMessage) => this.#intercepted(message, options)
    return new AppendAll(this.#appender, source, options, () => this.#options.runtime.yield(), submit)
  }

  async barrier(options: AppendOptions = {}): Promise<TimeTick> {
    this.#checkUsable()
    const { timeoutMs, signal } = options
    signal?.throwIfAborted()
    return abortable(this.#ticker.tick(timeoutMs === undefined ? {} : { timeoutMs }), signal)
  }

  async truncate(position: Position, waits: Waits = {}): Promise<void> {
    this.#checkUsable()
    waits.signal?.throwIfAborted()
    const end = await this.#end(waits.signal)
    const { lastConfirmed, writer, timeTick } = checkPosition(position, 'truncate', end, this.#context)
    if (timeTick > end.timeTick)
      throw invalidArgument('truncate', 'given a position of the log, not one above its end')
    const { truncation } = this.#ticker
    if (truncation !== undefined && timeTick <= truncation.timeTick) return
    this.#ticker.truncation = { id: lastConfirmed, writer, timeTick }
    // First into the log, then off the storage: after a crash in between the log knows where it begins.
    await abortable(this.#ticker.tick(), waits.signal)
    await this.#appender.log.truncate(this.#ids.parse(lastConfirmed), waits)
  }

  read<O extends ReadOptions>(options?: O): Scanner<Delivery<O>> {
    if (this.#tree.closed) throw closedError(this.#where)
    return startScanner(this.#context, options ?? {}, this.#scanners) as unknown as Scanner<Delivery<O>>
  }

  close(): Promise<void> {
    this.#refusal ??= closedError(this.#where)
    return this.#tree.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #submit(message: NewMessage, options: AppendOptions | undefined): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#checkUsable()
      this.#appender.submit(takeMessage(message), { resolve, reject }, options)
    })
  }

  async #intercepted(message: NewMessage, options: AppendOptions = {}): Promise<AppendResult> {
    this.#checkUsable()
    // Checked, and copied, before anything may wait: the caller may reuse its buffer.
    const { payload } = takeMessage(message)
    const { signal } = options
    signal?.throwIfAborted()
    const ending = new AbortController()
    const stop = [this.signal, signal].map((one) => one && onAbort(one, (reason) => ending.abort(reason)))
    try {
      return await this.#chain.run({ ...message, payload }, ending.signal, (changed) =>
        this.#submit(changed, options),
      )
    } finally {
      for (const stopListening of stop) stopListening?.()
    }
  }

  #checkUsable(): void {
    if (this.#refusal === undefined) return
    throw new AppendError(this.#refusal.code, this.#refusal.message, {
      outcome: 'not-written',
      cause: this.#refusal.cause,
    })
  }

  /** Where the log ends: known here while we are the writer. */
  async #end(signal: AbortSignal | undefined): Promise<LogEnd> {
    if (this.#buffer.closed) return readLogEnd(this.#appender.log, this.#ids, this.#where, signal)
    return {
      lastId: this.#ids.parse(this.#appender.lastAcked),
      writer: this.#opened.writer,
      timeTick: this.#buffer.newest,
      logIdentity: this.#opened.logIdentity,
      lastTick: '',
      truncation: this.#ticker.truncation,
    }
  }

  async #reassert(opener: OpenerImpls, channel: string, signal: AbortSignal): Promise<WALImpls> {
    const log = this.#appender.log
    this.#options.logger.warn(
      { term: this.channel.term },
      `${this.#where}: the backend says another writer took over; looking`,
    )
    try {
      const { writer } = this.#opened
      const options = this.#options
      const ids = this.#ids
      return await reassertFence({
        opener,
        ids,
        channel,
        where: this.#where,
        signal,
        options,
        log,
        writer,
        cause: undefined,
      })
    } catch (error) {
      if (isFenced(error)) this.#lose(error as WalError)
      throw error
    }
  }

  #break(error: unknown): void {
    this.#lose(
      WalError.isInstance(error)
        ? error
        : new WalError('WAL_UNAVAILABLE', `${this.#where}: the log can't be written any more`, {
            cause: error,
            retryable: false,
          }),
    )
  }

  /** No longer the writer (a newer one owns the log, say): appends end, reading goes on from the backend. */
  #lose(error: WalError): void {
    if (this.#refusal !== undefined) return
    this.#refusal = error
    this.#options.logger.error({ error }, `${this.#where}: no longer the writer`)
    this.#stopAppends(error)
    this.#buffer.close()
    this.#ended.abort(error)
  }

  #stopAppends(error: WalError): void {
    this.#fenceCheck?.clear()
    this.#ticker.close()
    this.#appender.stop(error)
  }

  /** An idle writer learns of its successor too, though nothing of it reaches the backend's fence. */
  #planFenceCheck(): void {
    const { runtime, fenceCheckMs } = this.#options
    if (fenceCheckMs === 0) return
    this.#fenceCheck = runtime.setTimeout(() => void this.#checkFence(), fenceCheckMs, { background: true })
  }

  async #checkFence(): Promise<void> {
    const { lastAcked, idle } = this.#appender
    try {
      if (idle) {
        const { signal } = this
        const last = await this.#appender.log.last({ signal })
        if (last !== undefined && this.#ids.serialise(last.id) !== lastAcked && this.#refusal === undefined) {
          const end = await readLogEnd(this.#appender.log, this.#ids, this.#where, signal)
          if (isNewer(end.writer, this.#opened.writer))
            this.#lose(
              new WalError(
                'WAL_FENCED',
                `${this.#where}: a newer writer (term ${end.writer?.term}) owns the channel; this one had term ${this.channel.term}`,
              ),
            )
        }
      }
    } catch (error) {
      // The next look, or the next append, says it again.
      this.#options.logger.debug({ error }, `${this.#where}: could not look for a newer writer`)
    }
    if (this.#refusal === undefined) this.#planFenceCheck()
  }

  /** Graceful: appends finish or get an outcome, readers end, then the log goes (order of reference D.5). */
  async #close(): Promise<void> {
    this.#refusal ??= closedError(this.#where)
    const { runtime, closeTimeoutMs } = this.#options
    const giveUp = new AbortController()
    const drained = this.#chain.gracefulClose().then(() => this.#appender.drained())
    await Promise.race([drained, sleep(runtime, closeTimeoutMs, giveUp.signal).catch(() => {})])
    giveUp.abort()
    this.#stopAppends(closedError(this.#where))
    // Whatever did not end in time has its outcome now, so this ends as well.
    await drained
    this.#ended.abort(this.#refusal)
    await closeScanners(this.#scanners)
    this.#buffer.close()
    await this.#appender.log.close()
    await this.#chain.close()
  }
}
