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
 * One backend scanner for many readers that have read up to the log's end. It reads when one of the readers has everything
 * and waits for more, so nothing is read ahead of its readers. The readers that wait keep the process alive; the feed does not.
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
  /** Whether the last read found nothing. It begins as true: the backend said so to the reader that started the feed. */
  atEnd = true

  /** Begins behind the record at `place`. */
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

  /** Whether its last attempt to read failed. It tries again in some seconds. */
  get failing(): boolean {
    return this.#source.failing
  }

  /** Everything up to this time tick was read. */
  get newest(): TimeTick {
    return this.#source.timeTick
  }

  /** Whether the last record of the joining reader was read here too, and what follows that record is still kept. */
  holds({ last, timeTick }: Joining): boolean {
    if (this.closed || last === undefined || last.timeTick !== timeTick) return false
    const { known } = this.#source
    if (known?.timeTick === timeTick) return isSameWriter(known.writer, last.writer)
    const record = this.#buffer.runAt(timeTick)?.records?.find((each) => each.timeTick === timeTick)
    return record !== undefined && isSameWriter(record, last.writer)
  }

  /** A reader of what follows `timeTick`; the feed must hold that. The feed ends when its last reader is closed. */
  reader(timeTick: TimeTick, signal: AbortSignal): TailReader {
    this.#readers++
    return new Reader(this, this.#buffer.readAfter(timeTick), signal)
  }

  /** The next change. Rejects only by the signal. */
  async changed(signal: AbortSignal): Promise<void> {
    const change = this.#changes.next(signal)
    this.readOn()
    await change
  }

  /** Reads more, unless a read is under way. */
  readOn(): void {
    if (!this.closed) this.#reading ??= this.#read()
  }

  async leave(): Promise<void> {
    this.#readers--
    if (this.#readers === 0) await this.close()
  }

  /** Its readers go on in the backend, each by itself. */
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

  /** The readers go on in the backend, each by itself, and end there if the failure was not the feed's alone. */
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
    return this.#reader.take()
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
