import type { MessageId, MessageIdCodec } from '@wal/walimpls'
import type { LogRecord } from '../../log/log-record.js'

/** How many changes of the term are kept: far more than lie between a record and its last-confirmed id. */
const REMEMBERED_CHANGES = 64

/**
 * The terms of a log that another system wrote: there a term alone names a writer, and a record is void if a record before it
 * has a higher term. The ids at which the term changed are kept, so that a position can name the term that is current at the
 * record where a reader with this position starts.
 *
 * Example: records 1 to 4 have term 1, record 5 has term 2, and record 6 has term 1 again, so record 6 is void. The position of
 * record 5 starts at record 3, its last-confirmed id, so this position names term 1.
 */
export class TermHistory {
  readonly #ids: MessageIdCodec
  /** Sorted by id. The first entry has no id: its term is the current one where reading starts. */
  readonly #changes: { id: MessageId | undefined; term: number }[]

  /** `term`: the current one where reading starts, −1 when unknown. */
  constructor(ids: MessageIdCodec, term: number) {
    this.#ids = ids
    this.#changes = [{ id: undefined, term }]
  }

  get current(): number {
    return (this.#changes[this.#changes.length - 1] as { term: number }).term
  }

  /** Whether the record counts: its term is the current one, or a higher one, which becomes the current one. */
  counts({ id, term }: LogRecord): boolean {
    if (term > this.current) {
      this.#changes.push({ id, term })
      if (this.#changes.length > REMEMBERED_CHANGES) this.#changes.splice(0, 2, { id: undefined, term: -1 })
    }
    return term === this.current
  }

  /** The term that was current at the record with this id; −1 when unknown. */
  at(id: MessageId): number {
    for (let i = this.#changes.length - 1; i > 0; i--) {
      const change = this.#changes[i] as { id: MessageId; term: number }
      if (this.#ids.compare(change.id, id) <= 0) return change.term
    }
    return this.#changes[0]?.term ?? -1
  }
}
