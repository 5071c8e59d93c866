import type { Runtime, Timer, TimeTick } from '@wal/walimpls'
import { WakeList } from '@wal/walimpls/helper'
import { DecodedRuns } from './decoded-runs.js'
import type { Run, TailRun } from './run.js'

/** So many bytes of decoded records are kept for readers at the end of the log to share: at most an eighth of the buffer. */
const DECODED_BYTES = 1 << 20
const DECODED_SHARE = 1 / 8

/** Records that reach the greatest age within a sixteenth of it are evicted together, so that a busy log needs few timers. */
const AGE_STEPS = 16

/**
 * The newest acknowledged records, in order, for tailing readers: they cost the backend nothing and are as fresh as the
 * ack. Filled when an append is acked (never before: what a reader has seen can't be taken back), bounded in bytes and
 * age. It evicts on every append, and by a timer of its own when nothing is appended any more.
 */
export class WriteAheadBuffer {
  readonly #capacityBytes: number
  readonly #maxAgeMs: number
  readonly #runtime: Pick<Runtime, 'monotonic' | 'setTimeout'>
  #timer: Timer | undefined
  #runs: Run[] = []
  /** When each run was added, by the monotonic clock. */
  #addedAt: number[] = []
  /**
   * Index in `#runs` of the oldest run kept. What lies before is cut off now and then: doing so for each run would be slow.
   */
  #head = 0
  /** Number of the oldest run kept, when all runs that were ever added are counted. */
  #firstNumber = 0
  #bytes = 0
  readonly #decoded: DecodedRuns
  /** Every acknowledged record above this time tick is in the buffer. */
  #floor: TimeTick
  #newest: TimeTick
  #closed = false
  readonly #changes = new WakeList()

  constructor(options: {
    readonly capacityBytes: number
    readonly maxAgeMs: number
    readonly floor: TimeTick
    readonly runtime: Pick<Runtime, 'monotonic' | 'setTimeout'>
  }) {
    this.#capacityBytes = options.capacityBytes
    this.#maxAgeMs = options.maxAgeMs
    this.#floor = options.floor
    this.#newest = options.floor
    this.#runtime = options.runtime
    this.#decoded = new DecodedRuns(Math.min(DECODED_BYTES, options.capacityBytes * DECODED_SHARE))
  }

  /** Bytes of the runs, and of the decoded records that are kept. */
  get bytes(): number {
    return this.#bytes + this.#decoded.bytes
  }

  get capacityBytes(): number {
    return this.#capacityBytes
  }

  /** How many runs it holds. */
  get runs(): number {
    return this.#runs.length - this.#head
  }

  /** Every acknowledged record above this time tick is in the buffer. */
  get floor(): TimeTick {
    return this.#floor
  }

  /** Time tick of the newest acknowledged record. */
  get newest(): TimeTick {
    return this.#newest
  }

  get closed(): boolean {
    return this.#closed
  }

  /** `now` is by the runtime's monotonic clock. */
  append(run: Run, now: number): void {
    if (this.#closed) return
    this.#runs.push(run)
    this.#addedAt.push(now)
    this.#bytes += run.bytes
    this.#newest = run.lastTimeTick
    this.#evict(now - this.#maxAgeMs)
    if (this.#timer === undefined) this.#planEviction(now)
    this.#changes.wake()
  }

  /**
   * Whether a reader that has everything up to this time tick can go on with the buffer. When the buffer has the records 21 to
   * 30, that is so for 20 to 30: with 19 the reader would miss 20, which was evicted.
   */
  covers(timeTick: TimeTick): boolean {
    return !this.#closed && timeTick >= this.#floor && timeTick <= this.#newest
  }

  /** A reader of what comes after `timeTick`, which must be covered. */
  readAfter(timeTick: TimeTick): BufferReader {
    return new BufferReader(this, this.#firstNumber + this.#indexAfter(timeTick) - this.#head, timeTick)
  }

  /** The run that has the record of this time tick, if one has. */
  runAt(timeTick: TimeTick): Run | undefined {
    const run = this.#runs[this.#indexAfter(timeTick - 1n)]
    return run !== undefined && run.firstTimeTick <= timeTick ? run : undefined
  }

  /** Index of the first run that has a record above this time tick. */
  #indexAfter(timeTick: TimeTick): number {
    let low = this.#head
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle] as Run).lastTimeTick > timeTick) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The run of that number. Undefined when it was not added yet, `evicted` when it was dropped. */
  run(number: number): Run | 'evicted' | undefined {
    return number < this.#firstNumber ? 'evicted' : this.#runs[number - this.#firstNumber + this.#head]
  }

  /** The records of a run. Readers that ask for the same run share them. */
  recordsOf(run: Run): TailRun['records'] {
    if (run.records !== undefined) return run.records
    const records = this.#decoded.recordsOf(run)
    if (this.bytes > this.#capacityBytes) this.#evict(Number.NEGATIVE_INFINITY)
    return records
  }

  /** Calls back once, at the next append or close, unless the returned function is called before. */
  onChange(callback: () => void): () => void {
    return this.#changes.add(callback)
  }

  /** Wakes the readers. From now on they read from the backend. */
  close(): void {
    this.#closed = true
    this.#timer?.clear()
    this.#firstNumber += this.#runs.length - this.#head
    this.#runs = []
    this.#addedAt = []
    this.#head = 0
    this.#bytes = 0
    this.#decoded.clear()
    this.#changes.wake()
  }

  /** Drops the oldest runs: those beyond the capacity, and those added before that moment. */
  #evict(before: number): void {
    while (this.#head < this.#runs.length) {
      const isLast = this.#head === this.#runs.length - 1
      // The newest run stays even if it alone is too large: otherwise a reader in catch-up of a busy log would never find the
      // time tick that it has reached in the buffer.
      const isRoom = isLast || this.bytes <= this.#capacityBytes
      if (isRoom && (this.#addedAt[this.#head] as number) >= before) break
      const oldest = this.#runs[this.#head] as Run
      this.#bytes -= oldest.bytes
      this.#decoded.forget(oldest)
      this.#floor = oldest.lastTimeTick
      ;(this.#runs as unknown[])[this.#head] = undefined
      this.#head++
      this.#firstNumber++
    }
    if (this.#head === this.#runs.length || (this.#head > 1024 && this.#head * 2 > this.#runs.length)) {
      this.#runs = this.#runs.slice(this.#head)
      this.#addedAt = this.#addedAt.slice(this.#head)
      this.#head = 0
    }
  }

  /** Sets a timer for when the oldest run reaches the greatest age. The timer does not keep the process alive. */
  #planEviction(now: number): void {
    const oldest = this.#addedAt[this.#head]
    if (oldest === undefined) return
    const due = Math.max(0, oldest + this.#maxAgeMs - now)
    this.#timer = this.#runtime.setTimeout(() => this.#evictAged(), due, { background: true })
  }

  #evictAged(): void {
    this.#timer = undefined
    if (this.#closed) return
    const now = this.#runtime.monotonic()
    // A timer may come a millisecond early.
    this.#evict(now - this.#maxAgeMs + this.#maxAgeMs / AGE_STEPS + 1)
    this.#planEviction(now)
  }
}

/** One reader's place in the buffer. */
export class BufferReader {
  readonly #buffer: WriteAheadBuffer
  #number: number
  readonly #after: TimeTick

  constructor(buffer: WriteAheadBuffer, number: number, after: TimeTick) {
    this.#buffer = buffer
    this.#number = number
    this.#after = after
  }

  /** The next records. Undefined when there are none yet, `evicted` when the reader has to go on with the backend. */
  next(): TailRun | 'evicted' | undefined {
    const run = this.#buffer.closed ? 'evicted' : this.#buffer.run(this.#number)
    if (run === undefined || run === 'evicted') return run
    this.#number++
    const { bytes } = run
    const records = this.#buffer.recordsOf(run)
    if (run.firstTimeTick > this.#after) return { records, bytes }
    return { records: records.filter((record) => record.timeTick > this.#after), bytes }
  }
}
