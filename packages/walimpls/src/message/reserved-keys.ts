/**
 * Names of the properties that the library itself writes, reads or refuses. Every property key that begins with `_` is
 * reserved, these and all others: `docs/wire-format.md` lists them with their encodings. The keys of the first group are
 * Milvus', so that either system reads the other's records; those of the second group are ours.
 */
export const RESERVED = {
  version: '_v',
  type: '_t',
  term: '_wt',
  timeTick: '_tt',
  barrierTimeTick: '_btt',
  /** Id to start reading from to see everything with a greater time tick. Exclusive with the next one. */
  lastConfirmed: '_lc',
  /** Flag: the last-confirmed id is the message's own. */
  lastConfirmedIsSelf: '_lcs',
  vchannel: '_vc',
  /** Of a message within a transaction of another system. Reading refuses such a record by name. */
  transaction: '_tx',
  /** Of a piece of a larger message of another system. Reading refuses such a record by name. */
  chunkIndex: '_ci',

  /** Incarnation of the writer. Its presence says: written by this library, storage order is time-tick order. */
  incarnation: '_wi',
  /** Serialised id of the last persisted time tick that was acknowledged before this record was sent. */
  previousTick: '_pt',
  /** Flag, on a time tick: the record with which a writer makes itself the current one. */
  opening: '_op',
  /** On a time tick: random text made with the log's first opening record. */
  logIdentity: '_li',
  /** On a time tick: serialised id from which reading rebuilds the adaptor's state; empty for the tick's own id. */
  recoveryPoint: '_rp',
  /** On a time tick: where the log begins, `id term incarnation timeTick` separated by spaces. Absent: never truncated. */
  truncationPoint: '_tp',
} as const

export const MESSAGE_FORMAT_VERSION = 1
