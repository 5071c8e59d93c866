import type { PropertyList } from '@wal/walimpls'
import type { RecordDraft } from '../../message/record-draft.js'
import type { TimeTickRun } from '../../time-tick/time-tick-run.js'

/**
 * A step that has to know the final time tick of what it works on. Seals are called when a batch is cut, in log order, one
 * record after the other. They never wait: what has to wait is an interceptor.
 *
 * Example: appends A, B and C are cut at ticks 7, 8 and 9. A seal keeps A, refuses B and makes two records of C. The batch
 * holds A at 7 and C's records at 8 and 9; B fails, not written, and no tick is spent on it. C settles when the record at 9
 * is acknowledged; its result has the id of the one at 8.
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
