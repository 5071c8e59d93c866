import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../read/log-record.js'
import type { BufferedRun } from './buffered-run.js'

/**
 * The newest acknowledged records, in order, for tailing readers: they cost the backend nothing and are as fresh as the
 * ack. Filled when an append is acked (never before: what a reader has seen can't be taken back), bounded in bytes and
 * age, evicting on every append.
 */
export class WriteAheadBuffer {
  readonly #capacityBytes: number
  readonly #maxAgeMs: number
  #runs: BufferedRun[] = []
  /** When each run came. */
  #addedAt: number[] = []
  /** Index in `#runs` of the oldest run kept; what lies before is dropped now and then, as a shift of all costs. */
  #head = 0
  /** Number of the oldest run kept, counted over the buffer's life. */
  #firstNumber = 0
  #bytes = 0
  /** Everything above this time tick that was acknowledged is in the buffer. */
  #floor: TimeTick
  #newest: TimeTick
  #closed = false
  readonly #waiting = new Set<() => void>()

  constructor(options: { capacityBytes: number; maxAgeMs: number; floor: TimeTick }) {
    this.#capacityBytes = options.capacityBytes
    this.#maxAgeMs = options.maxAgeMs
    this.#floor = options.floor
    this.#newest = options.floor
  }

  get bytes(): number {
    return this.#bytes
  }

  get capacityBytes(): number {
    return this.#capacityBytes
  }

  /** How many runs it holds. */
  get runs(): number {
    return this.#runs.length - this.#head
  }

  /** Everything acknowledged above this time tick is here. */
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

  append(run: BufferedRun, now: number): void {
    if (this.#closed) return
    this.#runs.push(run)
    this.#addedAt.push(now)
    this.#bytes += run.bytes
    this.#newest = run.lastTimeTick
    this.#evict(now)
    this.#wake()
  }

  /** Whether a reader that has everything up to this time tick can go on from here. */
  covers(timeTick: TimeTick): boolean {
    return !this.#closed && timeTick >= this.#floor && timeTick <= this.#newest
  }

  /** A reader of what comes after `timeTick`, which must be covered. */
  readAfter(timeTick: TimeTick): BufferReader {
    let low = this.#head
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle] as BufferedRun).lastTimeTick > timeTick) high = middle
      else low = middle + 1
    }
    return new BufferReader(this, this.#firstNumber + low - this.#head, timeTick)
  }

  /** The run of that number; undefined when it is not there yet, `evicted` when no more. */
  run(number: number): BufferedRun | 'evicted' | undefined {
    return number < this.#firstNumber ? 'evicted' : this.#runs[number - this.#firstNumber + this.#head]
  }

  /** Calls back once, at the next append or close, unless the returned function is called before. */
  onChange(callback: () => void): () => void {
    this.#waiting.add(callback)
    return () => this.#waiting.delete(callback)
  }

  /** Wakes the readers; from now on they fall back to the backend. */
  close(): void {
    this.#closed = true
    this.#firstNumber += this.#runs.length - this.#head
    this.#runs = []
    this.#addedAt = []
    this.#head = 0
    this.#bytes = 0
    this.#wake()
  }

  #evict(now: number): void {
    // The last run stays, so that a reader in catch-up can always meet the buffer.
    while (this.#head < this.#runs.length - 1) {
      const oldest = this.#runs[this.#head] as BufferedRun
      if (this.#bytes <= this.#capacityBytes && now - (this.#addedAt[this.#head] as number) <= this.#maxAgeMs)
        break
      this.#bytes -= oldest.bytes
      this.#floor = oldest.lastTimeTick
      ;(this.#runs as unknown[])[this.#head] = undefined
      this.#head++
      this.#firstNumber++
    }
    if (this.#head > 1024 && this.#head * 2 > this.#runs.length) {
      this.#runs = this.#runs.slice(this.#head)
      this.#addedAt = this.#addedAt.slice(this.#head)
      this.#head = 0
    }
  }

  #wake(): void {
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
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

  /** The next records; undefined when there are none yet; `evicted` when the reader has to go back to the backend. */
  take(): readonly LogRecord[] | 'evicted' | undefined {
    const run = this.#buffer.closed ? 'evicted' : this.#buffer.run(this.#number)
    if (run === undefined || run === 'evicted') return run
    this.#number++
    return run.firstTimeTick > this.#after
      ? run.records
      : run.records.filter((record) => record.timeTick > this.#after)
  }
}
