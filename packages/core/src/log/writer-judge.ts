import type { TimeTick, Writer } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/**
 * Decides, record after record in log order, what counts. A record of the current writer does when its time tick rises;
 * one that does not rise is a stored duplicate. A record of a higher term, or an opening record of the same term above
 * everything counted, makes its writer the current one. All else is void: a fenced writer's late record. Every reader
 * judges alike, whatever fence the backend has (`docs/semantics/writers.md`).
 */
export class WriterJudge {
  #term: number
  #incarnation: string
  #timeTick: TimeTick
  /** Behind a hole, until a record counts. */
  #adopting = false
  /** Records judged void, and stored duplicates, so far. */
  voids = 0
  duplicates = 0

  /** `known`: who was current, and the last time tick counted, at the place where reading starts. */
  constructor(known?: { readonly writer: Writer; readonly timeTick: TimeTick }) {
    this.#term = known?.writer.term ?? -1
    this.#incarnation = known?.writer.incarnation ?? ''
    this.#timeTick = known?.timeTick ?? -1n
  }

  get writer(): Writer | undefined {
    return this.#term < 0 ? undefined : { term: this.#term, incarnation: this.#incarnation }
  }

  /** The last time tick counted, −1 before the first. */
  get timeTick(): TimeTick {
    return this.#timeTick
  }

  /**
   * Records are gone before the next one. Who became current in them can't be known: the writer of the next record is
   * taken for the current one, unless its term is lower than one seen before.
   */
  passHole(): void {
    this.#adopting = true
  }

  /** Whether the record is to be delivered. */
  counts(record: LogRecord): boolean {
    if (this.#adopting && record.term >= this.#term && record.timeTick > this.#timeTick) {
      this.#term = record.term
      this.#incarnation = record.incarnation
      this.#adopting = false
    }
    const current = record.term === this.#term && record.incarnation === this.#incarnation
    if (!current) {
      const newer =
        record.term > this.#term ||
        (record.term === this.#term && record.opening && record.timeTick > this.#timeTick)
      if (!newer) {
        this.voids++
        return false
      }
      this.#term = record.term
      this.#incarnation = record.incarnation
    }
    if (record.timeTick <= this.#timeTick) {
      this.duplicates++
      return false
    }
    this.#timeTick = record.timeTick
    return true
  }
}
