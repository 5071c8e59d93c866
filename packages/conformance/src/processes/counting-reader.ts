import assert from 'node:assert/strict'
import type { DeliveredRecord, ReadOnlyLog } from '../kit/adaptor.js'
import { describeError } from '../kit/describe-error.js'
import { pause } from '../kit/patience.js'
import { ordinalOf } from './counted-record.js'

/**
 * Reads counted records while another process appends and truncates: each follows the one before it, or the reader is told
 * that the log was truncated, and goes on at the oldest position that it is told.
 */
export class CountingReader {
  /** Of the last record. */
  reached = -1
  timesTold = 0
  readonly #reading: Promise<void>
  #failure: { readonly error: unknown } | undefined
  #closing: () => Promise<void> = async () => {}

  readonly #log: ReadOnlyLog
  readonly #pauseMs: number

  constructor(log: ReadOnlyLog, pauseMs: number) {
    this.#log = log
    this.#pauseMs = pauseMs
    this.#reading = this.#read().catch((error: unknown) => {
      this.#failure = { error }
    })
  }

  /** Whether it has read that far. Throws what was wrong. */
  hasReached(ordinal: number): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    return this.reached >= ordinal
  }

  async close(): Promise<void> {
    await this.#closing()
    await this.#reading
  }

  async #read(): Promise<void> {
    for (let from: string | undefined, told = true; ; told = true) {
      const scanner = this.#log.read(from === undefined ? {} : { from })
      this.#closing = () => scanner.close()
      try {
        for await (const record of scanner) {
          this.#take(record, told)
          told = false
          if (this.#pauseMs > 0) await pause(this.#pauseMs)
        }
        return
      } catch (error) {
        const { code, oldest } = error as { code?: string; oldest?: string }
        if (code !== 'WAL_POSITION_TRUNCATED') throw error
        assert.equal(typeof oldest, 'string', `no \`oldest\`: ${describeError(error)}`)
        this.timesTold++
        from = oldest
      }
    }
  }

  #take(record: DeliveredRecord, told: boolean): void {
    const ordinal = ordinalOf(record)
    const due = this.reached + 1
    const rises = told ? ordinal >= due : ordinal === due
    assert.ok(rises, `record ${ordinal} came when ${due} was due, and nothing was told of a truncation`)
    this.reached = ordinal
  }
}
