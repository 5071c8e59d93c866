import { delivered, type HistoryWriter } from '@wal/conformance'
import type { Message, ReadOnlyWAL } from '@wal/core'
import { vi } from 'vitest'
import type { LostRanges } from './lost-ranges.js'

export interface RecordedReaderParts {
  readonly name: string
  /** Asked again when the log that it gave has ended. */
  readonly log: () => Promise<ReadOnlyWAL>
  readonly history: HistoryWriter
  /** Stops and resumes behind its last record after so many; else it tails. */
  readonly resumeEvery?: number
  /** Where the server may lose acknowledged records; else that fails the reader. */
  readonly lost?: LostRanges | undefined
}

/**
 * Reads a log to a history. Told that the log lost its end, it says so there and goes on under another name behind the
 * last record that it shares with the log. Any other error fails it.
 */
export class RecordedReader {
  /** Time tick of its last record. */
  reached = -1n
  /** Times that it was told of a lost end. */
  losses = 0
  private readonly records: { readonly id: string; readonly timeTick: bigint; readonly position: string }[] =
    []
  private name: string
  private target: bigint | undefined
  private stop: () => Promise<void> = async () => {}
  private failure: unknown
  private readonly reading: Promise<void>

  constructor(private readonly parts: RecordedReaderParts) {
    this.name = parts.name
    this.reading = this.read()
    this.reading.catch((error: unknown) => {
      this.failure = error
    })
  }

  /** Ends it when it has delivered everything up to that time tick. */
  async upTo(timeTick: bigint, timeout: number): Promise<void> {
    this.target = timeTick
    await vi.waitUntil(() => this.failure !== undefined || this.reached >= timeTick, {
      timeout,
      interval: 20,
    })
    await this.stop()
    await this.reading
    this.parts.history.add({ kind: 'scanner-reached', scanner: this.name, timeTick: `${timeTick}` })
  }

  private async read(): Promise<void> {
    let before: ReadOnlyWAL | undefined
    while (this.target === undefined || this.reached < this.target) {
      const log = await this.parts.log()
      // Closed for good, and no other is coming.
      if (log === before && log.signal.aborted) throw log.signal.reason
      before = log
      try {
        await this.readSome(log)
      } catch (error) {
        // Another writer of this process has taken its place: the next one is asked.
        if ((error as { code?: string }).code === 'WAL_CLOSED' && log.signal.aborted) continue
        if (this.parts.lost === undefined) throw error
        this.goBack(this.parts.lost, error)
      }
    }
  }

  private async readSome(log: ReadOnlyWAL): Promise<void> {
    const { history, resumeEvery = Number.POSITIVE_INFINITY, lost } = this.parts
    const last = this.records.at(-1)
    await using scanner = log.read(last === undefined ? {} : { after: last.position as Message['position'] })
    this.stop = () => scanner.close()
    const start = last === undefined ? 'all' : { after: `${last.timeTick}` }
    history.add({ kind: 'scanner-started', scanner: this.name, start })
    let left = resumeEvery
    for await (const message of scanner) {
      const { messageId: id, timeTick, position } = message
      history.add(delivered(this.name, message))
      lost?.know(id, timeTick)
      this.records.push({ id, timeTick, position })
      this.reached = timeTick
      left--
      if (left === 0 || timeTick === this.target) return
    }
  }

  private goBack(lost: LostRanges, error: unknown): void {
    const isKept = lost.announced(error)
    this.losses++
    const upTo = this.reached
    for (let last = this.records.at(-1); last !== undefined; last = this.records.at(-1)) {
      if (isKept(last.id, last.timeTick)) break
      this.records.pop()
    }
    this.reached = this.records.at(-1)?.timeTick ?? -1n
    const event = { kind: 'scanner-gap', scanner: this.name, reason: 'rolled-back' } as const
    this.parts.history.add({ ...event, after: `${this.reached}`, upTo: `${upTo}` })
    this.name = `${this.parts.name}, told ${this.losses} times`
  }
}
