import type { PropertyList } from '@wal/walimpls'
import type { RecordDraft } from '../../message/record-draft.js'
import type { TimeTickRun } from '../../time-tick/time-tick-run.js'

/**
 * A step that has to know the final time tick of what it works on. Seals are called when a batch is cut, in log order, one
 * record after the other. They never wait: what has to wait is an interceptor.
 *
 * Example: the messages A, B and C are queued, and the next time tick is 7. A seal is shown A with tick 7, and keeps it. It is
 * shown B with tick 8, and refuses it: B's append rejects, not written, and tick 8 is still the next one. It is shown C with
 * tick 8, and makes two records of it. The batch then holds A at 7 and the records of C at 8 and 9. C's append resolves when
 * the record at 9 is acknowledged, with the id of the record at 8.
 */
export interface Seal {
  /**
   * Undefined keeps the record as it is. `refuse`: the message is not written, and its append rejects with that error.
   * `records`: these are stored in its place, each at a time tick of its own, from `run.timeTick` on; they go through the
   * seals behind this one. Throwing refuses the message as well. Never called with a time tick of the log's own.
   */
  seal(record: RecordDraft, run: TimeTickRun): Refusal | Replacement | undefined
}

export interface Refusal {
  /** A `WalError`, whose code the append rejects with. */
  readonly refuse: unknown
}

export interface Replacement {
  /** At least one. */
  readonly records: readonly SealedRecord[]
}

/** A record made by a seal; vchannel and type are those of the message. */
export interface SealedRecord {
  readonly payload: Uint8Array
  /** The library's own properties besides those of the stamp, then the user's, keys and values in turn. */
  readonly properties: PropertyList
}
