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
import type { AppendOptions, AppendResolution, AppendResult, ReadOnlyWAL, WAL } from '@wal/core'
import { seededRandom } from '@wal/walimpls/testing'
import { messageIds } from '../../src/stored/message-id.js'
import { LostRanges } from './lost-ranges.js'
import { RecordedReader } from './recorded-reader.js'
import { untilAvailable } from './until-available.js'

export interface HistoryPlan {
  readonly seed: number
  readonly appends: number
  /** Appends at once. */
  readonly inFlight: number
  readonly strikes: number
  /** Does the harm, and calls `hit` at that moment; resolves when the next may come. */
  readonly strike: (ordinal: number, workload: HistoryWorkload) => Promise<void>
  /** Ends all harm: what is left must succeed. */
  readonly heal?: () => void
  /** Of a log that is not there yet, at the next term. */
  readonly openWriter: () => Promise<WAL>
  readonly openReader: () => Promise<ReadOnlyWAL>
  /** Acknowledged records may be lost, if everybody who knew them is told. */
  readonly mayLose?: boolean
  readonly patienceMs: number
}

/** Each reads on its own; the rest is left to the next writer. */
const MOST_RESOLVING = 4

interface Writing {
  readonly wal: WAL
  readonly name: HistoryWriterName
}

/** Appends, readers and faults from outside; what each of them saw is a history that the checker judges. */
export class HistoryWorkload {
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
  readonly lost: LostRanges
  private readonly history = new HistoryWriter()
  private readonly random: () => number
  /** Times that a writer was told that what it wrote, or found, is lost. */
  writersTold = 0
  /** Unknown outcomes that are left to the next writer. */
  private readonly tokens = new Map<string, string>()
  private readonly readers: RecordedReader[] = []
  private readonly logs: ReadOnlyWAL[] = []
  /** Appends without an answer. */
  outstanding = 0
  private resolving = 0
  private writing: Promise<Writing> | undefined
  private nextStrike = 0
  private isIdle = true
  private striking: Promise<void> = Promise.resolve()
  private failure: unknown

  constructor(private readonly plan: HistoryPlan) {
    this.random = seededRandom(plan.seed)
    this.lost = new LostRanges(this.history)
  }

  /** Times that a reader was told of a lost end. */
  get readersTold(): number {
    return this.readers.reduce((sum, { losses }) => sum + losses, 0)
  }

  async run(): Promise<void> {
    try {
      this.writing = this.open()
      await this.writing
      const reader = await this.plan.openReader()
      this.logs.push(reader)
      const onWriter = async () => (await this.liveWriter()).wal
      const readOnly = async () => reader
      this.read('tailing on the writer', onWriter)
      this.read('tailing, read-only', readOnly)
      this.read('resuming', readOnly, this.plan.appends / 20)
      await Promise.all(Array.from({ length: this.plan.inFlight }, () => this.appendAll(reader)))
      await this.striking
      await this.judge()
    } finally {
      this.plan.heal?.()
      await Promise.all(this.logs.map((log) => log.close()))
    }
  }

  /** Now the fault strikes. */
  hit(): void {
    if (this.outstanding > 0) this.counts['faults that hit appends in flight']++
    this.counts['appends in flight at a fault'] += this.outstanding
  }

  report(): string {
    const told = { 'writers told of a loss': this.writersTold, 'readers told of a loss': this.readersTold }
    const counts = { ...this.counts, ...told, 'lost records': this.lost.records }
    return Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  }

  private read(name: string, log: () => Promise<ReadOnlyWAL>, resumeEvery?: number): RecordedReader {
    const lost = this.plan.mayLose === true ? this.lost : undefined
    const more = resumeEvery === undefined ? {} : { resumeEvery: Math.floor(resumeEvery) }
    const reader = new RecordedReader({ name, log, history: this.history, lost, ...more })
    this.readers.push(reader)
    return reader
  }

  private async open(): Promise<Writing> {
    const wal = await this.openedWriter()
    this.logs.push(wal)
    const { term } = wal.channel
    // The term does not name it: a log that lost a writer whole gives its term to the next one.
    const name = { term, incarnation: `writer ${++this.counts.writers}` }
    this.history.add({ kind: 'opened', writer: name })
    return { wal, name }
  }

  /** Opens again when the log lost its end between what the open found there and its first record. */
  private async openedWriter(): Promise<WAL> {
    for (;;) {
      try {
        return await untilAvailable(() => this.plan.openWriter(), this.plan.patienceMs)
      } catch (error) {
        this.writerTold(error)
      }
    }
  }

  /** Throws `error` when it tells of no loss, or when there may be none. */
  private writerTold(error: unknown): void {
    if (this.plan.mayLose !== true) throw error
    this.lost.announced(error)
    this.writersTold++
  }

  /** The writer, or its successor when it was told that what it wrote is lost. */
  private async liveWriter(): Promise<Writing> {
    const current = this.writing as Promise<Writing>
    const { wal } = await current
    if (!wal.signal.aborted) return current
    if (this.writing === current) {
      this.writerTold(wal.signal.reason)
      this.writing = this.open()
    }
    return this.writing as Promise<Writing>
  }

  private async appendAll(reader: ReadOnlyWAL): Promise<void> {
    const { appends, strikes, strike } = this.plan
    while (this.counts.appends < appends && this.failure === undefined) {
      // Load waits for faults rather than end before them.
      if (this.counts.appends >= (appends * (this.nextStrike + 1)) / (strikes + 1)) await this.striking
      const writing = await this.liveWriter()
      if (this.counts.appends >= appends) return
      const appending = this.append(writing, reader)
      const due = (appends * (this.nextStrike + 1)) / (strikes + 1)
      if (this.nextStrike < strikes && this.counts.appends >= due && this.isIdle) {
        this.isIdle = false
        this.striking = strike(this.nextStrike++, this).then(() => {
          this.isIdle = true
        })
        // The one who waits for it has its error, and `run` in the end.
        this.striking.catch((error: unknown) => {
          this.failure = error
        })
      }
      await appending
    }
  }

  private async append({ wal, name: writer }: Writing, reader: ReadOnlyWAL): Promise<void> {
    const name = `a${this.counts.appends++}`
    const record = namedRecord(name, 30 + Math.floor(this.random() * 900))
    this.history.add(invoked(name, writer, record))
    this.outstanding++
    let result: AppendResult
    try {
      result = await wal.append(record, this.choices())
    } catch (error) {
      this.outstanding--
      await this.settle(name, error, wal, reader)
      return
    }
    this.outstanding--
    this.counts.acked++
    if (this.plan.mayLose === true) this.lost.know(result.messageId, result.timeTick)
    this.history.add(written(name, result))
  }

  private choices(): AppendOptions {
    const dice = this.random()
    if (dice < 0.02) return { timeoutMs: 1 + Math.floor(this.random() * 20) }
    if (dice < 0.08) return { timeoutMs: 50 + Math.floor(this.random() * 2000) }
    return {}
  }

  private async settle(name: string, error: unknown, wal: WAL, reader: ReadOnlyWAL): Promise<void> {
    const { outcome, token } = error as { outcome?: string; token?: string }
    if (outcome !== 'unknown' && outcome !== 'not-written') throw error
    this.history.add(notAcked(name, error as Parameters<typeof notAcked>[1]))
    if (outcome === 'not-written') {
      this.counts['not written']++
      return
    }
    this.counts.unknown++
    if (token === undefined) throw new Error(`${name} is unknown, without a token`, { cause: error })
    const resolver = this.random() < 0.5 ? wal : reader
    if (this.plan.mayLose === true || this.resolving === MOST_RESOLVING) {
      this.tokens.set(name, token)
      return
    }
    this.resolving++
    await this.resolve(name, token, resolver)
    this.resolving--
  }

  private async resolve(name: string, token: string, log: ReadOnlyWAL): Promise<void> {
    let resolution: AppendResolution
    try {
      resolution = await untilAvailable(() => log.resolve(token), this.plan.patienceMs)
    } catch (error) {
      if (this.plan.mayLose !== true || (error as { code?: string }).code !== 'WAL_LOG_ROLLED_BACK')
        throw error
      this.counts['resolved as in a lost range']++
      return
    }
    this.counts[`resolved as ${resolution.outcome === 'written' ? 'written' : 'not written'}`]++
    this.history.add(resolved(name, resolution))
  }

  /** The next writer has the last word: it resolves what is left, and all readers go up to its last record. */
  private async judge(): Promise<void> {
    const { heal, openReader, patienceMs } = this.plan
    heal?.()
    // Before it is there, since its opening ends the one before.
    this.writing = this.open()
    const next = await this.writing
    const record = namedRecord('the end', 10)
    this.history.add(invoked('the end', next.name, record))
    const last = await next.wal.append(record)
    this.history.add(written('the end', last))
    const clean = await untilAvailable(openReader, patienceMs)
    this.logs.push(clean)
    this.read('the truth', async () => clean)
    const left = this.tokens.entries()
    const resolveSome = async () => {
      for (const [name, token] of left) await this.resolve(name, token, next.wal)
    }
    await Promise.all(Array.from({ length: MOST_RESOLVING }, resolveSome))
    for (const reader of this.readers) await reader.upTo(last.timeTick, patienceMs)
    assertKept(this.history, messageIds)
  }
}
