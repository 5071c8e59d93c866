import { type MessageId, type TimeTick, WalError } from '@wal/walimpls'
import { WakeList } from '@wal/walimpls/helper'
import { ReadRun } from '../buffer/read-run.js'
import type { TailRun } from '../buffer/run.js'
import { type BufferReader, WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { KnownPlace } from '../log/known-place.js'
import { isSameWriter } from '../log/same-writer.js'
import type { Joining, TailReader } from './log-tail.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import { RecordSource } from './record-source.js'
import { retainedBytes } from './retained-bytes.js'

export interface TailFeedOptions {
  readonly capacityBytes: number
  readonly maxAgeMs: number
}

/**
 * One backend scanner that serves many readers at the log's end. The feed reads when a reader has got everything and waits for
 * more, so it never reads ahead. Waiting readers keep the Node process alive; the feed does not.
 */
export class TailFeed {
  readonly #context: ReadContext
  readonly #buffer: WriteAheadBuffer
  readonly #source: RecordSource
  readonly #ending = new AbortController()
  readonly #changes = new WakeList()
  #reading: Promise<void> | undefined
  #readers = 0
  #released: Promise<void> | undefined
  /**
   * Whether the last read found no record. True at first: the reader that started the feed had just been told so by the
   * backend.
   */
  atEnd = true

  /** The feed begins right behind the record at `place`. */
  constructor(
    context: ReadContext,
    place: KnownPlace & { readonly id: MessageId },
    options: TailFeedOptions,
  ) {
    const { runtime } = context
    const plan: ReadPlan = {
      kind: 'own',
      start: { from: place.id },
      known: place,
      resumed: place,
      until: undefined,
      logIdentity: undefined,
    }
    this.#context = context
    this.#buffer = new WriteAheadBuffer({ ...options, floor: place.timeTick, runtime })
    this.#source = new RecordSource(context, plan, { signal: this.#ending.signal, holds: false })
  }

  get closed(): boolean {
    return this.#buffer.closed
  }

  /** Whether the feed's last request failed. The feed tries again by itself after some seconds. */
  get failing(): boolean {
    return this.#source.failing
  }

  /** The feed has read everything up to this time tick. */
  get newest(): TimeTick {
    return this.#source.timeTick
  }

  /** Whether the feed has read the joining reader's last record too, and still holds everything behind that record. */
  holds({ last, timeTick }: Joining): boolean {
    if (this.closed || last === undefined || last.timeTick !== timeTick) return false
    const { known } = this.#source
    if (known?.timeTick === timeTick) return isSameWriter(known.writer, last.writer)
    const record = this.#buffer.runAt(timeTick)?.records?.find((each) => each.timeTick === timeTick)
    return record !== undefined && isSameWriter(record, last.writer)
  }

  /** A reader of what follows `timeTick`, which the feed must hold. The feed closes when its last reader is closed. */
  reader(timeTick: TimeTick, signal: AbortSignal): TailReader {
    this.#readers++
    return new Reader(this, this.#buffer.readAfter(timeTick), signal)
  }

  /** Resolves at the feed's next change. Rejects only with the signal's reason. */
  async changed(signal: AbortSignal): Promise<void> {
    const change = this.#changes.next(signal)
    this.readOn()
    await change
  }

  /** Starts a read, unless one is under way. */
  readOn(): void {
    if (!this.closed) this.#reading ??= this.#read()
  }

  async leave(): Promise<void> {
    this.#readers--
    if (this.#readers === 0) await this.close()
  }

  /** Closes the feed. Its readers go on with a backend scanner each. */
  close(): Promise<void> {
    this.#buffer.close()
    this.#changes.wake()
    this.#ending.abort(
      new WalError('WAL_CLOSED', `${this.#context.where}: no scanner reads at the log's end any more`),
    )
    this.#released ??= this.#release()
    return this.#released
  }

  async #read(): Promise<void> {
    try {
      const { units: records } = await this.#source.next()
      this.atEnd = records.length === 0
      if (!this.atEnd)
        this.#buffer.append(new ReadRun(records, retainedBytes(records)), this.#context.runtime.monotonic())
    } catch (err) {
      this.#fail(err)
    } finally {
      this.#reading = undefined
      this.#changes.wake()
    }
  }

  /** Ends the feed after a failure. Its readers go on with a backend scanner each, and end if that one fails too. */
  #fail(err: unknown): void {
    if (this.closed) return
    const { logger, where } = this.#context
    logger.debug(
      { err },
      `${where}: scanners at the log's end go on one by one, since what they shared failed`,
    )
    this.#buffer.close()
  }

  async #release(): Promise<void> {
    await this.#reading
    await this.#source.close()
  }
}

class Reader implements TailReader {
  #closed = false

  readonly #feed: TailFeed
  readonly #reader: BufferReader
  readonly #signal: AbortSignal

  constructor(feed: TailFeed, reader: BufferReader, signal: AbortSignal) {
    this.#feed = feed
    this.#reader = reader
    this.#signal = signal
  }

  get atEnd(): boolean {
    return this.#feed.atEnd
  }

  read(): TailRun | 'evicted' | undefined {
    return this.#reader.next()
  }

  changed(): Promise<void> {
    return this.#feed.changed(this.#signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#feed.leave()
  }
}
