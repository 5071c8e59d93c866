import { delivered, type HistoryWriter } from '@wal/conformance'
import type { LogRolledBackError, Message, ReadOnlyWAL } from '@wal/core'
import { vi } from 'vitest'
import type { LostRanges } from './lost-ranges.js'

export interface RecordedReaderParts {
  readonly name: string
  /** Gives the log to read. Called again when that log was closed because its writer ended. */
  readonly log: () => Promise<ReadOnlyWAL>
  readonly history: HistoryWriter
  /** The reader stops after this many records, and resumes behind the last one. Absent: it reads on at the log's end. */
  readonly resumeEvery?: number
  /**
   * Collects announcements of lost records. Absent when the servers must not lose any: the reader then fails with the error.
   */
  readonly lost?: LostRanges | undefined
}

/** How often a reader asks again for the place at which it can go on, with a pause of this length in milliseconds. */
const MOST_UNEXPLAINED = 20
const PAUSE_MS = 500
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))

/**
 * Reads a log and writes down in a history what it gets. When the reader is told that the log lost its end, the loss is written
 * down, and reading goes on under another name behind the last record that is still in the log. Any other error fails the
 * reader.
 */
export class RecordedReader {
  /** The time tick of the last record that the reader got. */
  reached = -1n
  /** How often the reader was told that the log lost its end. */
  losses = 0
  readonly #records: { readonly id: string; readonly timeTick: bigint; readonly position: string }[] = []
  #name: string
  #target: bigint | undefined
  #stop: () => Promise<void> = async () => {}
  #failure: unknown
  /** How often the reader was told of a loss without the place at which it can go on. */
  #unexplained = 0
  readonly #reading: Promise<void>
  readonly #parts: RecordedReaderParts

  constructor(parts: RecordedReaderParts) {
    this.#parts = parts
    this.#name = parts.name
    this.#reading = this.#read()
    this.#reading.catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Ends the reader when it has got all records up to this time tick. */
  async upTo(timeTick: bigint, timeout: number): Promise<void> {
    this.#target = timeTick
    await vi.waitUntil(() => this.#failure !== undefined || this.reached >= timeTick, {
      timeout,
      interval: 20,
    })
    await this.#stop()
    await this.#reading
    this.#parts.history.add({ kind: 'scanner-reached', scanner: this.#name, timeTick: `${timeTick}` })
  }

  async #read(): Promise<void> {
    let before: ReadOnlyWAL | undefined
    while (this.#target === undefined || this.reached < this.#target) {
      const log = await this.#parts.log()
      // The log was closed, and there will be no other writer.
      if (log === before && log.signal.aborted) throw log.signal.reason
      before = log
      try {
        await this.#readSome(log)
      } catch (error) {
        // Another writer in this process has taken over, and reading goes on with the log of that writer.
        if ((error as { code?: string }).code === 'WAL_CLOSED' && log.signal.aborted) continue
        if (this.#parts.lost === undefined) throw error
        if (isUnexplained(error) && this.#unexplained++ < MOST_UNEXPLAINED) await pause()
        else this.#goBack(this.#parts.lost, error)
      }
    }
  }

  async #readSome(log: ReadOnlyWAL): Promise<void> {
    const { history, resumeEvery = Number.POSITIVE_INFINITY, lost } = this.#parts
    const last = this.#records.at(-1)
    await using scanner = log.read(last === undefined ? {} : { after: last.position as Message['position'] })
    this.#stop = () => scanner.close()
    const start = last === undefined ? 'all' : { after: `${last.timeTick}` }
    history.add({ kind: 'scanner-started', scanner: this.#name, start })
    let left = resumeEvery
    for await (const message of scanner) {
      const { messageId: id, timeTick, position } = message
      history.add(delivered(this.#name, message))
      lost?.know(id, timeTick)
      this.#records.push({ id, timeTick, position })
      this.reached = timeTick
      left--
      if (left === 0 || timeTick === this.#target) return
    }
  }

  #goBack(lost: LostRanges, error: unknown): void {
    const isKept = lost.announced(error)
    this.losses++
    const upTo = this.reached
    for (let last = this.#records.at(-1); last !== undefined; last = this.#records.at(-1)) {
      if (isKept(last.id, last.timeTick)) break
      this.#records.pop()
    }
    this.reached = this.#records.at(-1)?.timeTick ?? -1n
    const event = { kind: 'scanner-gap', scanner: this.#name, reason: 'rolled-back' } as const
    this.#parts.history.add({ ...event, after: `${this.reached}`, upTo: `${upTo}` })
    this.#name = `${this.#parts.name}, told ${this.losses} times`
  }
}

/**
 * Whether the error says that the log lost its end, and not where reading can go on: the servers did not answer the question in
 * time, since another failure had begun. A reader at the same position is told again.
 */
function isUnexplained(error: unknown): boolean {
  const { code, resumeAt } = error as Partial<LogRolledBackError>
  return code === 'WAL_LOG_ROLLED_BACK' && resumeAt === undefined
}
