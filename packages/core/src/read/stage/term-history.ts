import type { MessageId, MessageIdCodec } from '@wal/walimpls'
import type { LogRecord } from '../../log/log-record.js'

/** Far more than lie between a record and its last-confirmed id. */
const REMEMBERED_CHANGES = 64

/**
 * Who wrote, in a log that knows writers by their term alone: a record of a lower term than one before it is void. It
 * remembers where terms changed, so that a position can name the term that was current where its reader will start.
 */
export class TermHistory {
  readonly #ids: MessageIdCodec
  /** Rising. The first one holds from wherever reading began. */
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
