import type { MessageId, MessageIdCodec } from '@wal/walimpls'
import type { LogRecord } from '../../log/log-record.js'

/** Far more changes than lie between a record and its last-confirmed id. */
const REMEMBERED_CHANGES = 64

/**
 * The writers of a log that knows writers by their term alone. A record of a lower term than one before it is void. The places
 * where the term changed are remembered, so that a position can name the term that was current where its reader will start.
 *
 * Example: the records 1 to 4 have the term 1, record 5 has the term 2, and record 6 has the term 1 again: 6 is void. The
 * position of record 5, whose last-confirmed id is 3, names the term 1, which was current at record 3.
 */
export class TermHistory {
  readonly #ids: MessageIdCodec
  /** By rising id. The first one holds from where reading began. */
  readonly #changes: { id: MessageId | undefined; term: number }[]

  /** `term`: current where reading starts, −1 when unknown. */
  constructor(ids: MessageIdCodec, term: number) {
    this.#ids = ids
    this.#changes = [{ id: undefined, term }]
  }

  get current(): number {
    return (this.#changes[this.#changes.length - 1] as { term: number }).term
  }

  /** Whether the record is of the current term, or of a higher one, which then is the current one. */
  counts({ id, term }: LogRecord): boolean {
    if (term > this.current) {
      this.#changes.push({ id, term })
      if (this.#changes.length > REMEMBERED_CHANGES) this.#changes.splice(0, 2, { id: undefined, term: -1 })
    }
    return term === this.current
  }

  /** The term that was current at that record; −1 when unknown. */
  at(id: MessageId): number {
    for (let i = this.#changes.length - 1; i > 0; i--) {
      const change = this.#changes[i] as { id: MessageId; term: number }
      if (this.#ids.compare(change.id, id) <= 0) return change.term
    }
    return this.#changes[0]?.term ?? -1
  }
}
