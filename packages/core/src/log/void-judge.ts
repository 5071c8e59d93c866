import type { TimeTick, Writer } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/**
 * Decides which records are void, one record after the other in log order. A record of a higher term than all before makes its
 * writer the current one. An opening record of the same term does so too, if its time tick lies above those of all earlier
 * records that are not void. A record of any writer but the current one is void: an older writer stored it late. Every reader
 * decides in the same way, whatever the backend's fence does (`docs/semantics/writers.md`).
 *
 * Example: writer A of term 3 stored records with the time ticks 10 and 11, then writer B of term 3 stored its opening record
 * with 12. A record that A stores behind it is void. An opening record of writer C of term 3 with the time tick 11 is void too,
 * since 12 is greater, and B stays the current writer. With the time tick 13 it would have made C the current one.
 */
export class VoidJudge {
  #term: number
  #incarnation: string
  /** The greatest time tick of a record that is not void. */
  #highest: TimeTick
  /** Set behind missing records, until a record is read whose writer may have become the current one in them. */
  #adopting = false

  /** `known`: the current writer where reading starts, and the time tick of the last record that counts there. */
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
   * Called when the next records are gone, so nobody knows who became current in them. The next record above all earlier ones
   * decides: its writer counts as the current one, unless its term is lower than an earlier one.
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
