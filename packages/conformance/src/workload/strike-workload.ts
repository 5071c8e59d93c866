import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { seededRandom } from '@wal/walimpls/testing'
import { HistoryWriter } from '../history/history-writer.js'
import type { ReadOnlyLog } from '../kit/adaptor.js'
import { describeError } from '../kit/describe-error.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import { isPassing, pause } from '../kit/patience.js'
import type { Scene } from '../kit/scene.js'
import { countsAsText } from '../kit/seeded-run.js'
import { assertKept, namedRecord, type RecordedScanner } from './history-recorder.js'
import { type RecordedWriter, WorkloadHistory } from './workload-history.js'

/**
 * The number of loops that append at the same time. Their messages fill several batches, so as many batches are in flight as
 * the log allows.
 */
const LOOPS = 32
const LARGEST = 30_000
/** How many appends are acknowledged between two failures of the server or of its connections. */
const ACKS = 40

/** What the workload does with the writer after each failure of the server or of its connections: these three in turn. */
const AFTER = ['nothing', 'close it', 'open a newer one'] as const

export interface Strikes {
  readonly seed: number
  /** How many times the workload makes the server or its connections fail, by a call of `strike`. */
  readonly strikes: number
  /** Breaks the backend's connections or kills its server. Resolves when that is done. */
  readonly strike: () => Promise<void>
}

/**
 * Appends, reads and takeovers through `@wal/core`, while a hook of the backend's author breaks the connections or kills the
 * server. No faults are injected between adaptor and backend: what fails is the backend itself.
 */
export class StrikeWorkload {
  readonly #scene: Scene
  readonly #strikes: Strikes
  readonly #random: () => number
  readonly #events = new HistoryWriter()
  readonly #history: WorkloadHistory
  readonly #counts = { strikes: 0, 'in flight at a strike': 0 }
  #writer: Promise<RecordedWriter> | undefined
  #appends = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined

  constructor(scene: Scene, strikes: Strikes) {
    this.#scene = scene
    this.#strikes = strikes
    this.#random = seededRandom(strikes.seed)
    this.#history = new WorkloadHistory(this.#events, scene.waiting)
  }

  async run(): Promise<void> {
    this.#writer = this.#open()
    const { wal } = await this.#writer
    const reader = await this.#untilAvailable(() => this.#scene.openReader(this.#hurried()))
    this.#history.read({ name: 'a reader of the first writer’s WAL', log: wal })
    const tail = this.#history.read({ name: 'a reader of a read-only WAL', log: reader })
    const appending = Array.from({ length: LOOPS }, () => this.#appendAll())
    for (let i = 0; i < this.#strikes.strikes; i++) {
      await this.#untilAcked('')
      this.#counts.strikes++
      this.#counts['in flight at a strike'] += this.#history.inFlight
      await this.#strikes.strike()
      await this.#afterStrike(i)
      this.#resume(reader, tail, i)
    }
    await this.#untilAcked(' after the last strike')
    this.#ended = true
    await Promise.all(appending)
    const last = await this.#open()
    await this.#history.complete(last, await this.#untilAvailable(() => this.#scene.openReader()))
    assertKept(this.#events, this.#scene.builder.messageIds)
    assert.ok(
      this.#counts['in flight at a strike'] > 0,
      'No append was in flight at any strike, so the strikes prove nothing about appends in flight.',
    )
  }

  report(): string {
    return countsAsText({ ...this.#history.counts, ...this.#counts })
  }

  /** Waits until forty more appends are acknowledged. Throws the error with which a loop of appends failed. */
  async #untilAcked(when: string): Promise<void> {
    const { counts } = this.#history
    const due = counts.acked + ACKS
    await this.#scene.waiting.until(
      () => `${due} appends are acked${when} (${this.report()})`,
      () => {
        if (this.#failure !== undefined) throw this.#failure.error
        return counts.acked >= due
      },
    )
  }

  async #afterStrike(ordinal: number): Promise<void> {
    const what = AFTER[ordinal % AFTER.length]
    if (what === 'nothing') return
    const before = this.#writer
    this.#writer = this.#open()
    if (what === 'close it' && before !== undefined) {
      // The close ends appends whose batches are in flight. They must get an outcome although the backend cannot answer.
      const { wal } = await before
      this.#history.closing(wal)
      await wal.close()
    }
    await this.#writer
  }

  #hurried() {
    return { runtime: hurriedRuntime(this.#scene.runtime()) }
  }

  /** Opens a writer as a separate process would. */
  async #open(): Promise<RecordedWriter> {
    const options = { ...this.#hurried(), batchBytes: 16 << 10, timeTickMs: 20, closeTimeoutMs: 0 }
    return this.#history.opened(await this.#untilAvailable(() => this.#scene.open(options)))
  }

  /** Repeats a call until the server can be reached. */
  async #untilAvailable<T>(call: () => Promise<T>): Promise<T> {
    const { signal } = this.#scene.waiting
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error
        await pause(20, signal)
      }
    }
  }

  async #appendAll(): Promise<void> {
    while (!this.#ended && this.#failure === undefined && !this.#scene.waiting.signal.aborted) {
      try {
        // If a backend's appends settle without a turn of the event loop, this loop would keep the test's time limit from
        // firing.
        await systemRuntime.yield()
        await this.#append(await (this.#writer as Promise<RecordedWriter>))
      } catch (error) {
        this.#failure = { error }
      }
    }
  }

  async #append(writer: RecordedWriter): Promise<void> {
    const name = `a${this.#appends++}`
    const record = namedRecord(name, 30 + Math.floor(this.#random() * LARGEST))
    const choices = this.#random() < 0.05 ? { timeoutMs: 1 + Math.floor(this.#random() * 20) } : {}
    const error = await this.#history.append(writer, [{ name, record }], choices)
    if (error === undefined) return
    const { code } = error
    const expected = ['WAL_TIMEOUT', 'WAL_OUTCOME_UNKNOWN', 'WAL_CLOSED', 'WAL_FENCED']
    assert.ok(
      expected.includes(code),
      `An append rejected with ${describeError(error)}. While the backend cannot be reached it must wait, or end with ${expected.join(', ')}.`,
    )
    // This writer has ended and the next one is being opened, so do not try again at once.
    if (code === 'WAL_CLOSED' || code === 'WAL_FENCED') await pause(5, this.#scene.waiting.signal)
  }

  /** Starts a reader behind a random record that the read-only reader has been given. */
  #resume(log: ReadOnlyLog, { records }: RecordedScanner, ordinal: number): void {
    const after = records[Math.floor(this.#random() * records.length)]
    this.#history.read({ name: `a reader that resumed after strike ${ordinal}`, log, after })
  }
}
