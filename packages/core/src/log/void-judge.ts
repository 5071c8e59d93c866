import type { TimeTick, Writer } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/**
 * Decides, record after record in log order, which records are void. A record of a higher term than every one before makes
 * its writer the current one. So does an opening record of the same term, if its time tick lies above those of all records
 * that were not void. A record of any other writer than the current one is void: an older writer stored it late. Every
 * reader decides alike, whatever fence the backend has (`docs/semantics/writers.md`).
 *
 * Example: writer 3a stored records with the time ticks 10 and 11, then writer 3b its opening record with 12. A record
 * that 3a stores behind that one is void. An opening record of writer 3c with time tick 11 is void too, since 12 is
 * higher: 3b stays the current writer. With time tick 13 it would have made 3c the current one.
 */
export class VoidJudge {
  #term: number
  #incarnation: string
  /** The highest time tick of a record that is not void. */
  #highest: TimeTick
  /** Behind a hole, until a record of a writer that may be the current one comes. */
  #adopting = false

  /** `known`: who is the current writer where reading starts, and the last time tick that counts there. */
  constructor(known?: { readonly writer: Writer; readonly timeTick: TimeTick }) {
    this.#term = known?.writer.term ?? -1
    this.#incarnation = known?.writer.incarnation ?? ''
    this.#highest = known?.timeTick ?? -1n
  }

  /** The current writer; undefined before the first record. */
  get writer(): Writer | undefined {
    return this.#term < 0 ? undefined : { term: this.#term, incarnation: this.#incarnation }
  }

  /**
   * Records are gone before the next one. Who became current in them can't be known. So the writer of the next record that
   * lies above all before is taken for the current one, unless its term is lower than one seen before.
   */
  passHole(): void {
    this.#adopting = true
  }

  isVoid({ term, incarnation, timeTick, opening }: LogRecord): boolean {
    const rises = timeTick > this.#highest
    if (term !== this.#term || incarnation !== this.#incarnation) {
      const mayBeCurrent = rises && (opening || this.#adopting)
      if (term < this.#term || (term === this.#term && !mayBeCurrent)) return true
      this.#term = term
      this.#incarnation = incarnation
    }
    if (rises) {
      this.#highest = timeTick
      this.#adopting = false
    }
    return false
  }
}
