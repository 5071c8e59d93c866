import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { seededRandom } from '@wal/walimpls/testing'
import type { HistoryWriterName } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'
import type { AdaptorError, DeliveredRecord, ReadOnlyLog, WriterLog } from '../kit/adaptor.js'
import { describeError } from '../kit/describe-error.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import { isPassing, pause } from '../kit/patience.js'
import type { Scene } from '../kit/scene.js'
import {
  assertKept,
  invoked,
  namedRecord,
  notAcked,
  RecordedScanner,
  resolved,
  written,
} from './history-recorder.js'

/** Appends at once, large enough in sum that the adaptor has several batches in flight, as many as the log takes. */
const LOOPS = 32
const LARGEST = 30_000
/** Acknowledgements between one strike and the next. */
const ACKS = 40

/** What the test does to the writer just after a strike. */
const AFTER = ['nothing', 'close it', 'open a newer one'] as const

interface Writing {
  readonly wal: WriterLog
  readonly name: HistoryWriterName
}

/**
 * Appends, readers and takeovers through the adaptor while a test strikes from outside: breaks the connections, kills the
 * server. Nothing is put between the adaptor and the backend. The history of it all is judged.
 */
export class StrikeWorkload {
  readonly #scene: Scene
  readonly #random: () => number
  readonly #history = new HistoryWriter()
  readonly #scanners: { readonly scanner: RecordedScanner; readonly log: ReadOnlyLog }[] = []
  /** Scanners on these end with them. */
  readonly #closed = new Set<ReadOnlyLog>()
  readonly #tokens = new Map<string, string>()
  readonly #counts = { acked: 0, 'not written': 0, unknown: 0, strikes: 0, 'in flight at a strike': 0 }
  #writing: Promise<Writing> | undefined
  #appends = 0
  #outstanding = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined

  readonly #strikes: number
  readonly #strike: () => Promise<void>

  constructor(scene: Scene, seed: number, strikes: number, strike: () => Promise<void>) {
    this.#strikes = strikes
    this.#strike = strike
    this.#scene = scene
    this.#random = seededRandom(seed)
  }

  async run(): Promise<void> {
    const { waiting } = this.#scene
    this.#writing = this.#open()
    const { wal } = await this.#writing
    const reader = await this.#untilAvailable(() => this.#scene.openReader(this.#hurried()))
    this.#read('tailing on the first writer', wal)
    this.#read('tailing, read-only', reader)
    const appending = Array.from({ length: LOOPS }, () => this.#appendAll())
    for (let i = 0; i < this.#strikes; i++) {
      const due = this.#counts.acked + ACKS
      await waiting.until(
        () => `${due} appends are acked (${this.report()})`,
        () => this.#isDue(due),
      )
      this.#counts.strikes++
      this.#counts['in flight at a strike'] += this.#outstanding
      await this.#strike()
      await this.#afterStrike(i)
      this.#resume(reader, i)
    }
    const due = this.#counts.acked + ACKS
    await waiting.until(
      () => `${due} appends are acked after the last strike (${this.report()})`,
      () => this.#isDue(due),
    )
    this.#ended = true
    await Promise.all(appending)
    await this.#judge()
    assert.ok(this.#counts['in flight at a strike'] > 0, 'no append was in flight at any strike')
  }

  report(): string {
    return Object.entries(this.#counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  }

  #isDue(acks: number): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#counts.acked >= acks
  }

  async #afterStrike(ordinal: number): Promise<void> {
    const what = AFTER[ordinal % AFTER.length]
    if (what === 'nothing') return
    const before = this.#writing
    this.#writing = this.#open()
    // Its appends in flight get their outcome now, whatever the backend knows of them.
    if (what === 'close it') await this.#closeWriter(await before)
    await this.#writing
  }

  async #closeWriter(writing: Writing | undefined): Promise<void> {
    if (writing === undefined) return
    this.#closed.add(writing.wal)
    await writing.wal.close()
  }

  #hurried() {
    return { runtime: hurriedRuntime(this.#scene.runtime()) }
  }

  /** A writer of its own process. */
  async #open(): Promise<Writing> {
    const wal = await this.#untilAvailable(() =>
      this.#scene.open({ ...this.#hurried(), batchBytes: 16 << 10, timeTickMs: 20, closeTimeoutMs: 0 }),
    )
    const name = { term: wal.channel.term, incarnation: `term${wal.channel.term}` }
    this.#history.add({ kind: 'opened', writer: name })
    wal.signal.addEventListener('abort', () => this.#history.add({ kind: 'fenced', writer: name }), {
      once: true,
    })
    return { wal, name }
  }

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
        // Should the backend leave the event loop no turn, the time limit must fire all the same.
        await systemRuntime.yield()
        await this.#append(await (this.#writing as Promise<Writing>))
      } catch (error) {
        this.#failure = { error }
      }
    }
  }

  async #append({ wal, name: writer }: Writing): Promise<void> {
    const append = `a${this.#appends++}`
    const record = namedRecord(append, 30 + Math.floor(this.#random() * LARGEST))
    this.#history.add(invoked(append, writer, record))
    const choices = this.#random() < 0.05 ? { timeoutMs: 1 + Math.floor(this.#random() * 20) } : {}
    this.#outstanding++
    try {
      const result = await wal.append(record, choices)
      this.#history.add(written(append, result))
      this.#counts.acked++
    } catch (error) {
      await this.#notAcked(append, error as AdaptorError)
    } finally {
      this.#outstanding--
    }
  }

  async #notAcked(append: string, error: AdaptorError): Promise<void> {
    this.#history.add(notAcked(append, error))
    const { code, outcome, token } = error
    this.#counts[outcome === 'unknown' ? 'unknown' : 'not written']++
    if (outcome === 'unknown' && token !== undefined) this.#tokens.set(append, token)
    const expected = ['WAL_TIMEOUT', 'WAL_OUTCOME_UNKNOWN', 'WAL_CLOSED', 'WAL_FENCED']
    assert.ok(expected.includes(code), `an append ended with ${describeError(error)}`)
    // The next writer is being opened.
    if (code === 'WAL_CLOSED' || code === 'WAL_FENCED') await pause(5, this.#scene.waiting.signal)
  }

  #read(name: string, log: ReadOnlyLog, from?: DeliveredRecord): void {
    const scanner = log.read(from === undefined ? {} : { after: from.position })
    const start = from === undefined ? 'all' : { after: `${from.timeTick}` }
    const recorded = new RecordedScanner(name, scanner, this.#scene.waiting, this.#history, start)
    this.#scanners.push({ scanner: recorded, log })
  }

  /** Another reader goes on where one of those before it has been. */
  #resume(log: ReadOnlyLog, ordinal: number): void {
    const known = this.#scanners[1]?.scanner.records ?? []
    this.#read(`resumed after strike ${ordinal}`, log, known[Math.floor(this.#random() * known.length)])
  }

  async #judge(): Promise<void> {
    const { wal, name } = await this.#open()
    const record = namedRecord('the end', 10)
    this.#history.add(invoked('the end', name, record))
    const last = await wal.append(record)
    this.#history.add(written('the end', last))
    const clean = await this.#untilAvailable(() => this.#scene.openReader())
    this.#read('the truth', clean)
    for (const { scanner, log } of this.#scanners)
      if (!this.#closed.has(log)) await scanner.upTo(last.timeTick)
    for (const [append, token] of this.#tokens)
      this.#history.add(resolved(append, await clean.resolve(token)))
    assertKept(this.#history, this.#scene.builder.messageIds)
  }
}
