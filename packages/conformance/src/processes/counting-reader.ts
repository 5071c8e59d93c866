import assert from 'node:assert/strict'
import type { DeliveredRecord, ReadOnlyLog } from '../kit/adaptor.js'
import { describeError } from '../kit/describe-error.js'
import { pause } from '../kit/patience.js'
import { ordinalOf } from './counted-record.js'

/**
 * Reads numbered records while another process appends and truncates. Record 8 has to follow record 7, unless the reader is
 * told that the log was truncated: then it goes on at the position that the error names as the oldest, which may be that of
 * record 20.
 */
export class CountingReader {
  /** The number of the last record read. */
  reached = -1
  /** How many reads rejected because the log was truncated. */
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

  /** Whether the reader has read the record with this number or a later one. Throws the error that ended the reader. */
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
        assert.equal(
          typeof oldest,
          'string',
          `The WAL_POSITION_TRUNCATED error has no \`oldest\`: ${describeError(error)}`,
        )
        this.timesTold++
        from = oldest
      }
    }
  }

  #take(record: DeliveredRecord, told: boolean): void {
    const ordinal = ordinalOf(record)
    const due = this.reached + 1
    const rises = told ? ordinal >= due : ordinal === due
    assert.ok(
      rises,
      `Record ${ordinal} was delivered when record ${due} was due, and no error told the reader of a truncation.`,
    )
    this.reached = ordinal
  }
}
