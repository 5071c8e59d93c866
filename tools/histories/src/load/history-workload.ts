import { randomBytes } from 'node:crypto'
import {
  assertKept,
  HistoryWriter,
  type HistoryWriterName,
  invoked,
  namedRecord,
  notAcked,
  resolved,
  written,
} from '@wal/conformance'
import {
  type AppendOptions,
  type AppendResolution,
  type AppendResult,
  openWal,
  type ReadOnlyWAL,
  type WAL,
} from '@wal/core'
import { deferred } from '@wal/walimpls/helper'
import { seededRandom } from '@wal/walimpls/testing'
import { type HistoryFault, LEAST_HITS, type StruckLoad } from '../faults/history-fault.js'
import type { BackendOptions, HistoryScene } from '../history-scene.js'
import { LostRanges } from './lost-ranges.js'
import { RecordedReader } from './recorded-reader.js'
import { untilAvailable } from './until-available.js'

export interface HistoryPlan extends HistoryScene {
  readonly seed: number
  readonly appends: number
  readonly patienceMs: number
}

/**
 * How many unknown outcomes the load resolves at once, since each resolution reads the log. Further ones are left to the next
 * writer.
 */
const MOST_RESOLVING = 4

const APPENDS_AT_ONCE = 64

interface Writing {
  readonly wal: WAL
  readonly name: HistoryWriterName
}

/**
 * A load on one log: many appends in flight, three readers, and a fault. What writers and readers see is written down as a
 * history, and the history checker judges the history in the end.
 */
export class HistoryWorkload implements StruckLoad {
  readonly counts = {
    appends: 0,
    acked: 0,
    'not written': 0,
    unknown: 0,
    'resolved as written': 0,
    'resolved as not written': 0,
    'resolved as in a lost range': 0,
    'faults that hit appends in flight': 0,
    'appends in flight at a fault': 0,
    writers: 0,
  }
  readonly #lost: LostRanges
  readonly #fault: HistoryFault
  readonly channel = `history-${randomBytes(6).toString('hex')}`
  readonly #history = new HistoryWriter()
  readonly #random: () => number
  writersTold = 0
  /** The tokens of appends with unknown outcome that the next writer has to resolve, by the append's name. */
  readonly #tokens = new Map<string, string>()
  readonly #readers: RecordedReader[] = []
  readonly #logs: ReadOnlyWAL[] = []
  outstanding = 0
  #resolving = 0
  #writing: Promise<Writing> | undefined
  #nextStrike = 0
  #isIdle = true
  #striking: Promise<void> = Promise.resolve()
  /** Every append begins when this has settled. */
  #held: Promise<void> = Promise.resolve()
  #failure: unknown
  readonly #plan: HistoryPlan

  constructor(plan: HistoryPlan) {
    this.#plan = plan
    this.#random = seededRandom(plan.seed)
    this.#lost = new LostRanges(this.#history, plan.builder.messageIds)
    this.#fault = plan.fault
  }

  get acked(): number {
    return this.counts.acked
  }

  get writers(): number {
    return this.counts.writers
  }

  get lostRecords(): number {
    return this.#lost.records
  }

  get readersTold(): number {
    return this.#readers.reduce((sum, { losses }) => sum + losses, 0)
  }

  async run(): Promise<void> {
    try {
      this.#writing = this.#open()
      await this.#writing
      const reader = await this.#openReader()
      this.#logs.push(reader)
      const onWriter = async () => (await this.#liveWriter()).wal
      const readOnly = async () => reader
      this.#read('tailing on the writer', onWriter)
      this.#read('tailing, read-only', readOnly)
      this.#read('resuming', readOnly, this.#plan.appends / 20)
      await Promise.all(
        Array.from({ length: this.#fault.appendsAtOnce ?? APPENDS_AT_ONCE }, () => this.#appendAll(reader)),
      )
      await this.#striking
      await this.#judge()
    } finally {
      this.#fault.heal?.()
      await Promise.all(this.#logs.map((log) => log.close()))
    }
  }

  hit(): void {
    if (this.outstanding > 0) this.counts['faults that hit appends in flight']++
    this.counts['appends in flight at a fault'] += this.outstanding
  }

  async whileHeld(work: () => Promise<void>): Promise<void> {
    const { promise, resolve } = deferred<void>()
    this.#held = promise
    try {
      await work()
    } finally {
      resolve()
    }
  }

  report(): string {
    const told = { 'writers told of a loss': this.writersTold, 'readers told of a loss': this.readersTold }
    const counts = { ...this.counts, ...told, 'lost records': this.#lost.records }
    return Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  }

  #read(name: string, log: () => Promise<ReadOnlyWAL>, resumeEvery?: number): RecordedReader {
    const lost = this.#fault.mayLose === true ? this.#lost : undefined
    const more = resumeEvery === undefined ? {} : { resumeEvery: Math.floor(resumeEvery) }
    const reader = new RecordedReader({ name, log, history: this.#history, lost, ...more })
    this.#readers.push(reader)
    return reader
  }

  #openWriter(): Promise<WAL> {
    return openWal(...this.#optionsOf(this.#plan.writing))
  }

  #openReader(): Promise<ReadOnlyWAL> {
    const { writing, reading = writing } = this.#plan
    const [url, options] = this.#optionsOf(reading)
    return openWal(url, { ...options, accessMode: 'ro' })
  }

  #optionsOf(backend: BackendOptions) {
    const { builder } = this.#plan
    const [url, more] = typeof backend === 'string' ? [backend, {}] : [`${builder.name}:`, { backend }]
    return [url, { ...more, builder, channel: this.channel }] as const
  }

  async #open(): Promise<Writing> {
    const wal = await this.#openedWriter()
    this.#logs.push(wal)
    const { term } = wal.channel
    // The term alone does not identify a writer: when a log has lost all records of a writer, the next writer gets the same
    // term.
    const name = { term, incarnation: `writer ${++this.counts.writers}` }
    this.#history.add({ kind: 'opened', writer: name })
    return { wal, name }
  }

  /** Opens for writing, and opens again when the log lost its end during the open. */
  async #openedWriter(): Promise<WAL> {
    for (;;) {
      try {
        return await untilAvailable(() => this.#openWriter(), this.#plan.patienceMs)
      } catch (error) {
        this.#writerTold(error)
      }
    }
  }

  /** Throws `error`, unless it reports a lost end and the fault may lose records. */
  #writerTold(error: unknown): void {
    if (this.#fault.mayLose !== true) throw error
    this.#lost.announced(error)
    this.writersTold++
  }

  /** The present writer. When it was told that its records are lost, the next one. */
  async #liveWriter(): Promise<Writing> {
    const current = this.#writing as Promise<Writing>
    const { wal } = await current
    if (!wal.signal.aborted) return current
    if (this.#writing === current) {
      this.#writerTold(wal.signal.reason)
      this.#writing = this.#open()
    }
    return this.#writing as Promise<Writing>
  }

  async #appendAll(reader: ReadOnlyWAL): Promise<void> {
    const { appends } = this.#plan
    const { strikes = LEAST_HITS } = this.#fault
    while (this.counts.appends < appends && this.#failure === undefined) {
      // The load waits for failures that are late, so that all of them happen before the load ends.
      if (this.counts.appends >= (appends * (this.#nextStrike + 1)) / (strikes + 1)) await this.#striking
      await this.#held
      const writing = await this.#liveWriter()
      if (this.counts.appends >= appends) return
      const appending = this.#append(writing, reader)
      const due = (appends * (this.#nextStrike + 1)) / (strikes + 1)
      if (this.#nextStrike < strikes && this.counts.appends >= due && this.#isIdle) {
        this.#isIdle = false
        this.#striking = this.#fault.strike(this.#nextStrike++, this).then(() => {
          this.#isIdle = true
        })
        // Every append that waits for `#striking` gets this error, and `run` rejects with it in the end.
        this.#striking.catch((error: unknown) => {
          this.#failure = error
        })
      }
      await appending
    }
  }

  async #append({ wal, name: writer }: Writing, reader: ReadOnlyWAL): Promise<void> {
    const name = `a${this.counts.appends++}`
    const record = namedRecord(name, 30 + Math.floor(this.#random() * 900))
    this.#history.add(invoked(name, writer, record))
    this.outstanding++
    let result: AppendResult
    try {
      result = await wal.append(record, this.#choices())
    } catch (error) {
      this.outstanding--
      await this.#settle(name, error, wal, reader)
      return
    }
    this.outstanding--
    this.counts.acked++
    if (this.#fault.mayLose === true) this.#lost.know(result.messageId, result.timeTick)
    this.#history.add(written(name, result))
  }

  #choices(): AppendOptions {
    const dice = this.#random()
    if (dice < 0.02) return { timeoutMs: 1 + Math.floor(this.#random() * 20) }
    if (dice < 0.08) return { timeoutMs: 50 + Math.floor(this.#random() * 2000) }
    return {}
  }

  async #settle(name: string, error: unknown, wal: WAL, reader: ReadOnlyWAL): Promise<void> {
    const { outcome, token } = error as { outcome?: string; token?: string }
    if (outcome !== 'unknown' && outcome !== 'not-written') throw error
    this.#history.add(notAcked(name, error as Parameters<typeof notAcked>[1]))
    if (outcome === 'not-written') {
      this.counts['not written']++
      return
    }
    this.counts.unknown++
    if (token === undefined) throw new Error(`${name} is unknown, without a token`, { cause: error })
    const resolver = this.#random() < 0.5 ? wal : reader
    if (this.#fault.mayLose === true || this.#resolving === MOST_RESOLVING) {
      this.#tokens.set(name, token)
      return
    }
    this.#resolving++
    await this.#resolve(name, token, resolver)
    this.#resolving--
  }

  async #resolve(name: string, token: string, log: ReadOnlyWAL): Promise<void> {
    let resolution: AppendResolution
    try {
      resolution = await untilAvailable(() => log.resolve(token), this.#plan.patienceMs)
    } catch (error) {
      if (this.#fault.mayLose !== true || (error as { code?: string }).code !== 'WAL_LOG_ROLLED_BACK')
        throw error
      this.counts['resolved as in a lost range']++
      return
    }
    this.counts[`resolved as ${resolution.outcome === 'written' ? 'written' : 'not written'}`]++
    this.#history.add(resolved(name, resolution))
  }

  /**
   * Opens a last writer, which resolves the remaining outcomes. All readers read up to that writer's record; then the checker
   * judges the history.
   */
  async #judge(): Promise<void> {
    const { patienceMs } = this.#plan
    this.#fault.heal?.()
    // Set before the open resolves: the open ends the present writer, and readers then ask for the next one.
    this.#writing = this.#open()
    const next = await this.#writing
    const record = namedRecord('the end', 10)
    this.#history.add(invoked('the end', next.name, record))
    const last = await next.wal.append(record)
    this.#history.add(written('the end', last))
    const clean = await untilAvailable(() => this.#openReader(), patienceMs)
    this.#logs.push(clean)
    this.#read('the truth', async () => clean)
    const left = this.#tokens.entries()
    const resolveSome = async () => {
      for (const [name, token] of left) await this.#resolve(name, token, next.wal)
    }
    await Promise.all(Array.from({ length: MOST_RESOLVING }, resolveSome))
    for (const reader of this.#readers) await reader.upTo(last.timeTick, patienceMs)
    assertKept(this.#history, this.#plan.builder.messageIds)
  }
}
